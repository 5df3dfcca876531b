// The two codes, read and verified without the service: as strictly as refund/core/signing.py and
// refund/core/exit_pass.py do it, in the same order and with the same refusals. tests/vectors holds
// both sides to the same answers.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BLANKS = /^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g;
const ORIGIN = "(HTTPS?://[A-Z0-9.-]+(?::[0-9]{1,5})?|https?://[a-z0-9.-]+(?::[0-9]{1,5})?)";
const SIGNATURE = 64;
const EPOCH = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;

// The bit of the first byte by which a rehearsal's code says so itself, and its letters.
const REHEARSAL = 0x80;
const LIKE_ONE_OF_OURS = /^[AQ][E-L][A-Z2-7]{60,}$/;

const KINDS = {
  form: {
    version: 1,
    domain: "refund-form-v1\0",
    rehearsalDomain: "rehearsal-form-v1\0",
    address: new RegExp(`^${ORIGIN}/F/([^]*)$`),
    lengths: (count) => count === 136,
    bytesMin: 85,
    isWhole: () => true,
    fields: formFields,
  },
  pass: {
    version: 2,
    domain: "refund-pass-v1\0",
    rehearsalDomain: "rehearsal-pass-v1\0",
    address: new RegExp(`^${ORIGIN}/P/([^]*)$`),
    lengths: (count) => count >= 135 && count <= 500 && ![1, 3, 6].includes(count % 8),
    bytesMin: 84,
    isWhole: (raw) => raw.length === 8 + 12 * raw[7] + SIGNATURE,
    fields: passFields,
  },
};

/** Why a code is not believed; `code` is the refusal's, the same as the service's own. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Whether a scanned text was meant to be a pass and not a form's code. */
export function isLikeAPass(text) {
  const bare = text.replace(BLANKS, "");
  return KINDS.pass.address.test(bare) || /^[AQ][IJKL][A-Z2-7]{60,}$/.test(bare);
}

/** The bare code in what a scanner gave: an address of ours, or the code alone. */
export function readCode(text, kind = "form", origin = "", isRehearsal = false) {
  const bare = text.replace(BLANKS, "");
  const match = KINDS[kind].address.exec(bare);
  if (match) {
    if (origin && match[1].toUpperCase() !== origin) throw foreign(match[2], isRehearsal);
    unpack(match[2], KINDS[kind]);
    return match[2];
  }
  if (!/^[A-Za-z0-9=]*$/.test(bare)) throw new Refused("code_foreign");
  unpack(bare, KINDS[kind]);
  return bare;
}

/** What a bare code says, once its signature and its key's days are found good. */
export async function verify(code, kind, keys, today, isRehearsal = false) {
  const wanted = KINDS[kind];
  const raw = unpack(code, wanted);
  checkVersion(raw[0], wanted.version, isRehearsal);
  if (!wanted.isWhole(raw)) throw new Refused("code_torn");
  const kid = hex(raw.subarray(1, 5));
  const key = keys.find((one) => one.kid === kid && one.alg === "Ed25519");
  if (!key) throw new Refused("key_unknown");
  const signed = raw.subarray(0, -SIGNATURE);
  const domain = new TextEncoder().encode(isRehearsal ? wanted.rehearsalDomain : wanted.domain);
  const message = new Uint8Array([...domain, ...signed]);
  if (!(await isGood(fromBase64(key.key), raw.subarray(-SIGNATURE), message))) {
    throw new Refused("signature_invalid");
  }
  const said = wanted.fields(signed);
  if (!covers(key, said.issueDay, today)) throw new Refused("key_unknown");
  return { kid, ...said };
}

const otherWorld = (isRehearsal) => new Refused(isRehearsal ? "not_a_rehearsal" : "rehearsal_form");

/** Refuse the first byte of a code that is not of this kind, or not of this world. */
function checkVersion(first, version, isRehearsal) {
  if (first === (isRehearsal ? version | REHEARSAL : version)) return;
  if ((first & ~REHEARSAL) === version) throw otherWorld(isRehearsal);
  throw new Refused("code_version_unknown");
}

/** Why a code at another address is refused: one of the other world is told by its letters. */
function foreign(code, isRehearsal) {
  const isOther = LIKE_ONE_OF_OURS.test(code) && (code[0] === "Q") !== isRehearsal;
  return isOther ? otherWorld(isRehearsal) : new Refused("code_foreign");
}

function covers(key, issueDay, today) {
  return key.not_before <= issueDay
    && (key.retired_on === null || issueDay <= key.retired_on)
    && (key.verify_until === null || today <= key.verify_until);
}

let hasNative = null;

/** Whether this browser verifies Ed25519 by itself; if not, the library does. */
async function native() {
  if (hasNative === null) {
    try {
      await crypto.subtle.importKey("raw", new Uint8Array(32).fill(88), { name: "Ed25519" }, false, ["verify"]);
      hasNative = true;
    } catch (error) {
      hasNative = error.name !== "NotSupportedError";
    }
  }
  return hasNative;
}

/** Verify by the browser, or by the library where the browser cannot. */
export async function isGood(key, signature, message, { library = false } = {}) {
  if (!library && await native()) {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  }
  const { verifyAsync } = await import("../vendor/noble-ed25519/index.js");
  return verifyAsync(signature, message, key, { zip215: false });
}

/** The bytes of a code that was written in the one way that counts. */
function unpack(code, kind) {
  if (!/^[A-Z2-7]*$/.test(code) || !kind.lengths(code.length)) throw new Refused("code_torn");
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const letter of code) {
    held = (held << 5) | ALPHABET.indexOf(letter);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  // Bits that are left over must be none that say anything.
  if (held !== 0 || bytes.length < kind.bytesMin) throw new Refused("code_torn");
  return new Uint8Array(bytes);
}

function formFields(signed) {
  if (signed.length !== 21) throw new Refused("code_torn");
  const view = new DataView(signed.buffer, signed.byteOffset, signed.length);
  const said = {
    storeNumber: view.getUint16(5),
    formId: hex(signed.subarray(7, 15)),
    issueDay: dayOf(view.getUint16(15)),
    netFen: view.getUint32(17),
  };
  if (!said.storeNumber || !said.netFen) throw new Refused("code_torn");
  return said;
}

function passFields(signed) {
  const view = new DataView(signed.buffer, signed.byteOffset, signed.length);
  const count = view.getUint8(7);
  if (signed.length !== 8 + 12 * count || count < 1 || count > 20) throw new Refused("code_torn");
  const forms = [];
  for (let at = 8; at < signed.length; at += 12) {
    forms.push({ formId: hex(signed.subarray(at, at + 8)), netFen: view.getUint32(at + 8) });
  }
  const ascend = forms.every((form, place) => !place || forms[place - 1].formId < form.formId);
  if (!ascend || forms.some((form) => !form.netFen)) throw new Refused("code_torn");
  return { issueDay: dayOf(view.getUint16(5)), forms };
}

const dayOf = (days) => new Date(EPOCH + days * DAY_MS).toISOString().slice(0, 10);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromBase64(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
