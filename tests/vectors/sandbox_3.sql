BEGIN TRANSACTION;
CREATE TABLE card (
        token TEXT PRIMARY KEY,
        brand TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) = 4),
        expiry TEXT NOT NULL CHECK (length(expiry) = 5),
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "card" VALUES('card_000000000003','Visa','1111','12/34','approved');
INSERT INTO "card" VALUES('card_000000000006','Visa','0002','12/34','declined');
INSERT INTO "card" VALUES('card_000000000009','Visa','0127','12/34','payout_refused');
INSERT INTO "card" VALUES('card_000000000013','JCB','0505','12/34','approved');
CREATE TABLE card_session (
        session_id TEXT PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        method TEXT NOT NULL,
        purpose TEXT NOT NULL CHECK (purpose IN ('guarantee', 'refund')),
        return_url TEXT NOT NULL,
        language TEXT NOT NULL,
        page_token TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'entered', 'cancelled')),
        expires_at TEXT NOT NULL,
        card_token TEXT REFERENCES card,
        payout_token TEXT REFERENCES payout,
        CHECK ((state = 'entered') = (card_token IS NOT NULL OR payout_token IS NOT NULL)),
        CHECK (purpose = 'refund' OR state <> 'entered' OR card_token IS NOT NULL)
    ) STRICT, WITHOUT ROWID
;
INSERT INTO "card_session" VALUES('session_000000000001','s-1',13446,'card','guarantee','http://127.0.0.1:8000/b','en','page_000000000002','entered','2025-07-08T04:30:00.000Z','card_000000000003',NULL);
INSERT INTO "card_session" VALUES('session_000000000004','s-2',13446,'card','guarantee','http://127.0.0.1:8000/b','en','page_000000000005','entered','2025-07-08T04:30:00.000Z','card_000000000006',NULL);
INSERT INTO "card_session" VALUES('session_000000000007','s-3',13446,'alipay','guarantee','http://127.0.0.1:8000/b','en','page_000000000008','entered','2025-07-08T04:30:00.000Z','card_000000000009','payout_000000000010');
INSERT INTO "card_session" VALUES('session_000000000011','s-4',13446,'card','guarantee','http://127.0.0.1:8000/b','en','page_000000000012','entered','2025-07-08T04:30:00.000Z','card_000000000013',NULL);
INSERT INTO "card_session" VALUES('session_000000000014','s-5',13446,'bank_account','refund','http://127.0.0.1:8000/b','en','page_000000000015','entered','2025-07-08T04:30:00.000Z',NULL,'payout_000000000016');
INSERT INTO "card_session" VALUES('session_000000000017','s-6',13446,'wechat_pay','refund','http://127.0.0.1:8000/b','en','page_000000000018','entered','2025-07-08T04:30:00.000Z',NULL,'payout_000000000019');
INSERT INTO "card_session" VALUES('session_000000000020','s-7',13446,'card','guarantee','http://127.0.0.1:8000/b','en','page_000000000021','open','2025-07-08T04:30:00.000Z',NULL,NULL);
CREATE TABLE hold (
        reference TEXT PRIMARY KEY REFERENCES operation (reference),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'captured')),
        expires_at TEXT NOT NULL,
        captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
        released_fen INTEGER NOT NULL DEFAULT 0 CHECK (released_fen >= 0),
        CHECK (captured_fen + released_fen <= amount_fen),
        CHECK ((state = 'held') = (captured_fen + released_fen < amount_fen)),
        CHECK (state <> 'released' OR captured_fen = 0)
    ) STRICT, WITHOUT ROWID
;
INSERT INTO "hold" VALUES('hold-1',600,'held','2025-08-07T04:00:00.000Z',150,150);
INSERT INTO "hold" VALUES('hold-3',800,'released','2025-08-07T17:00:00.000Z',0,800);
INSERT INTO "hold" VALUES('hold-4',810,'held','2025-08-08T17:00:00.000Z',0,0);
INSERT INTO "hold" VALUES('hold-5',820,'captured','2025-08-08T17:00:00.000Z',820,0);
INSERT INTO "hold" VALUES('hold-6',830,'held','2025-08-08T17:00:00.000Z',0,0);
CREATE TABLE idempotency_key (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL,
        kept_until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "idempotency_key" VALUES('k16','print-k16',402,'{"reference":"release-6","kind":"release","state":"refused","amount_fen":830,"currency":"CNY","at":"2025-08-08T17:00:00.000Z","hold_reference":"hold-6","hold_state":"expired","reason":"hold_expired"}','2025-08-09T17:00:00.000Z');
CREATE TABLE operation (
        cursor INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'advance', 'release', 'capture', 'refund')),
        state TEXT NOT NULL CHECK (state IN ('held', 'paid', 'released', 'captured', 'refused')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        hold_reference TEXT,
        booked_at TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT
;
INSERT INTO "operation" VALUES(1,'hold-1','hold','held',600,NULL,'2025-07-08T04:00:00.000Z','hold|600||card_000000000003|',201,'{"reference":"hold-1","kind":"hold","state":"held","amount_fen":600,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","network_id":"hold_000000000022","authorisation_code":"6XXO2G","expires_at":"2025-08-07T04:00:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(2,'hold-2','hold','refused',700,NULL,'2025-07-08T04:00:00.000Z','hold|700||card_000000000006|',402,'{"reference":"hold-2","kind":"hold","state":"refused","amount_fen":700,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","reason":"declined"}');
INSERT INTO "operation" VALUES(3,'advance-1','advance','paid',550,NULL,'2025-07-08T04:00:00.000Z','advance|550||card_000000000003|card',201,'{"reference":"advance-1","kind":"advance","state":"paid","amount_fen":550,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"card","network_id":"advance_000000000023","paid_at":"2025-07-08T04:00:00.000Z"}');
INSERT INTO "operation" VALUES(4,'advance-2','advance','refused',555,NULL,'2025-07-08T04:00:00.000Z','advance|555||payout_000000000010|alipay',402,'{"reference":"advance-2","kind":"advance","state":"refused","amount_fen":555,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"alipay","reason":"payout_refused"}');
INSERT INTO "operation" VALUES(5,'release-1','release','released',100,'hold-1','2025-07-08T17:00:00.000Z','release|0|hold-1|||100',201,'{"reference":"release-1","kind":"release","state":"released","amount_fen":100,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","hold_reference":"hold-1","hold_state":"held","network_id":"release_000000000024","released_fen":100,"released_at":"2025-07-08T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(6,'capture-1','capture','captured',150,'hold-1','2025-07-08T17:00:00.000Z','capture|150|hold-1|||200',201,'{"reference":"capture-1","kind":"capture","state":"captured","amount_fen":150,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","hold_reference":"hold-1","hold_state":"held","network_id":"capture_000000000025","released_fen":50,"captured_at":"2025-07-08T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(7,'refund-1','refund','paid',900,NULL,'2025-07-08T17:00:00.000Z','refund|900||payout_000000000016|bank_account',201,'{"reference":"refund-1","kind":"refund","state":"paid","amount_fen":900,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","method":"bank_account","network_id":"refund_000000000026","paid_at":"2025-07-08T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(8,'refund-2','refund','paid',901,NULL,'2025-07-08T17:00:00.000Z','refund|901||payout_000000000019|wechat_pay',201,'{"reference":"refund-2","kind":"refund","state":"paid","amount_fen":901,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","method":"wechat_pay","network_id":"refund_000000000027","paid_at":"2025-07-08T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(9,'hold-3','hold','held',800,NULL,'2025-07-08T17:00:00.000Z','hold|800||card_000000000013|',201,'{"reference":"hold-3","kind":"hold","state":"held","amount_fen":800,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","network_id":"hold_000000000028","authorisation_code":"PW3V3H","expires_at":"2025-08-07T17:00:00.000Z","brand":"JCB","last4":"0505"}');
INSERT INTO "operation" VALUES(10,'release-2','release','released',800,'hold-3','2025-07-08T17:00:00.000Z','release|0|hold-3||',201,'{"reference":"release-2","kind":"release","state":"released","amount_fen":800,"currency":"CNY","at":"2025-07-08T17:00:00.000Z","hold_reference":"hold-3","hold_state":"released","network_id":"release_000000000029","released_fen":800,"released_at":"2025-07-08T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(11,'hold-4','hold','held',810,NULL,'2025-07-09T17:00:00.000Z','hold|810||card_000000000013|',201,'{"reference":"hold-4","kind":"hold","state":"held","amount_fen":810,"currency":"CNY","at":"2025-07-09T17:00:00.000Z","network_id":"hold_000000000030","authorisation_code":"4WPYDE","expires_at":"2025-08-08T17:00:00.000Z","brand":"JCB","last4":"0505"}');
INSERT INTO "operation" VALUES(12,'hold-5','hold','held',820,NULL,'2025-07-09T17:00:00.000Z','hold|820||card_000000000003|',201,'{"reference":"hold-5","kind":"hold","state":"held","amount_fen":820,"currency":"CNY","at":"2025-07-09T17:00:00.000Z","network_id":"hold_000000000031","authorisation_code":"WQ5KOJ","expires_at":"2025-08-08T17:00:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(13,'capture-2','capture','captured',820,'hold-5','2025-07-09T17:00:00.000Z','capture|820|hold-5||',201,'{"reference":"capture-2","kind":"capture","state":"captured","amount_fen":820,"currency":"CNY","at":"2025-07-09T17:00:00.000Z","hold_reference":"hold-5","hold_state":"captured","network_id":"capture_000000000032","released_fen":0,"captured_at":"2025-07-09T17:00:00.000Z"}');
INSERT INTO "operation" VALUES(14,'capture-3','capture','refused',1,'hold-5','2025-07-09T17:00:00.000Z','capture|1|hold-5||',409,'{"reference":"capture-3","kind":"capture","state":"refused","amount_fen":1,"currency":"CNY","at":"2025-07-09T17:00:00.000Z","hold_reference":"hold-5","hold_state":"captured","reason":"hold_already_ended"}');
INSERT INTO "operation" VALUES(15,'hold-6','hold','held',830,NULL,'2025-07-09T17:00:00.000Z','hold|830||card_000000000003|',201,'{"reference":"hold-6","kind":"hold","state":"held","amount_fen":830,"currency":"CNY","at":"2025-07-09T17:00:00.000Z","network_id":"hold_000000000033","authorisation_code":"4TKRNC","expires_at":"2025-08-08T17:00:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(16,'release-6','release','refused',830,'hold-6','2025-08-08T17:00:00.000Z','release|0|hold-6||',402,'{"reference":"release-6","kind":"release","state":"refused","amount_fen":830,"currency":"CNY","at":"2025-08-08T17:00:00.000Z","hold_reference":"hold-6","hold_state":"expired","reason":"hold_expired"}');
CREATE TABLE payout (
        token TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        label TEXT NOT NULL,
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "payout" VALUES('payout_000000000010','alipay','Alipay ···· 21','payout_refused');
INSERT INTO "payout" VALUES('payout_000000000016','bank_account','Bank account ···· 0119','lost_advance');
INSERT INTO "payout" VALUES('payout_000000000019','wechat_pay','WeChat Pay ···· 76','approved');
CREATE INDEX idempotency_key_age ON idempotency_key (kept_until);
CREATE INDEX operation_by_state ON operation (state, amount_fen);
CREATE INDEX hold_open ON hold (expires_at, amount_fen) WHERE state = 'held';
CREATE TRIGGER operation_is_never_changed BEFORE UPDATE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never changed'); END;
CREATE TRIGGER operation_is_never_deleted BEFORE DELETE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END;
PRAGMA user_version = 3;
COMMIT;
