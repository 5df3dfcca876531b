BEGIN TRANSACTION;
CREATE TABLE card (
        token TEXT PRIMARY KEY,
        brand TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) = 4),
        expiry TEXT NOT NULL CHECK (length(expiry) = 5),
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "card" VALUES('card_000000000003','Visa','0002','12/34','declined');
INSERT INTO "card" VALUES('card_000000000006','Visa','0127','12/34','payout_refused');
INSERT INTO "card" VALUES('card_000000000011','Visa','0127','12/34','payout_refused');
INSERT INTO "card" VALUES('card_000000000016','Visa','1111','12/34','approved');
INSERT INTO "card" VALUES('card_000000000021','Visa','1111','12/34','approved');
INSERT INTO "card" VALUES('card_000000000028','Visa','1111','12/34','approved');
CREATE TABLE card_session (
        session_id TEXT PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        method TEXT NOT NULL,
        return_url TEXT NOT NULL,
        language TEXT NOT NULL,
        page_token TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'entered', 'cancelled')),
        expires_at TEXT NOT NULL,
        card_token TEXT REFERENCES card,
        payout_token TEXT REFERENCES payout,
        CHECK ((state = 'entered') = (card_token IS NOT NULL))
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "card_session" VALUES('session_000000000001','0000000000000011-card-1-9d17949a',13446,'card','http://127.0.0.1:8000/traveller/back','en','page_000000000002','entered','2025-07-08T04:30:00.000Z','card_000000000003',NULL);
INSERT INTO "card_session" VALUES('session_000000000004','0000000000000018-card-1-9d17949a',13446,'card','http://127.0.0.1:8000/traveller/back','en','page_000000000005','entered','2025-07-08T04:30:00.000Z','card_000000000006',NULL);
INSERT INTO "card_session" VALUES('session_000000000009','0000000000000023-card-1-9d17949a',13446,'card','http://127.0.0.1:8000/traveller/back','en','page_000000000010','entered','2025-07-08T04:30:00.000Z','card_000000000011',NULL);
INSERT INTO "card_session" VALUES('session_000000000014','000000000000002f-card-1-9d17949a',13446,'card','http://127.0.0.1:8000/traveller/back','en','page_000000000015','entered','2025-07-08T04:30:00.000Z','card_000000000016',NULL);
INSERT INTO "card_session" VALUES('session_000000000019','0000000000000038-card-1-f1eb5bcc',13446,'alipay','http://127.0.0.1:8000/traveller/back','en','page_000000000020','entered','2025-07-08T04:30:00.000Z','card_000000000021','payout_000000000022');
INSERT INTO "card_session" VALUES('session_000000000026','0000000000000045-card-1-9d17949a',13446,'card','http://127.0.0.1:8000/traveller/back','en','page_000000000027','entered','2025-07-20T04:31:00.000Z','card_000000000028',NULL);
CREATE TABLE hold (
        reference TEXT PRIMARY KEY REFERENCES operation (reference),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'captured')),
        expires_at TEXT NOT NULL,
        captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
        released_fen INTEGER NOT NULL DEFAULT 0 CHECK (released_fen >= 0),
        CHECK (captured_fen + released_fen = CASE state WHEN 'held' THEN 0 ELSE amount_fen END)
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "hold" VALUES('0000000000000018-hold-1',13446,'released','2025-08-07T04:00:00.000Z',0,13446);
INSERT INTO "hold" VALUES('0000000000000023-hold-1',13446,'released','2025-08-07T04:00:00.000Z',0,13446);
INSERT INTO "hold" VALUES('000000000000002f-hold-1',13446,'captured','2025-08-07T04:00:00.000Z',13446,0);
INSERT INTO "hold" VALUES('0000000000000038-hold-1',13446,'released','2025-08-07T04:00:00.000Z',0,13446);
INSERT INTO "hold" VALUES('0000000000000045-hold-1',13446,'held','2025-08-19T04:01:00.000Z',0,0);
CREATE TABLE idempotency_key (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL,
        kept_until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "idempotency_key" VALUES('bdc8c0809307e854afa77bc18dbb9faab1ab914b','8c880ba83166ff01a421c740306dcaa4ada88bc245cf4e9f87bf37df27163470',201,'{"reference":"000000000000002f-capture-1","kind":"capture","state":"captured","amount_fen":13446,"currency":"CNY","at":"2025-07-26T04:01:00.000Z","hold_reference":"000000000000002f-hold-1","hold_state":"captured","network_id":"capture_000000000030","released_fen":0,"captured_at":"2025-07-26T04:01:00.000Z"}','2025-07-27T04:01:00.000Z');
CREATE TABLE operation (
        cursor INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'advance', 'release', 'capture')),
        state TEXT NOT NULL CHECK (state IN ('held', 'paid', 'released', 'captured', 'refused')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        hold_reference TEXT,
        booked_at TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT
    ;
INSERT INTO "operation" VALUES(1,'0000000000000011-hold-1','hold','refused',13446,NULL,'2025-07-08T04:00:00.000Z','hold|13446||card_000000000003|',402,'{"reference":"0000000000000011-hold-1","kind":"hold","state":"refused","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","reason":"declined"}');
INSERT INTO "operation" VALUES(2,'0000000000000018-hold-1','hold','held',13446,NULL,'2025-07-08T04:00:00.000Z','hold|13446||card_000000000006|',201,'{"reference":"0000000000000018-hold-1","kind":"hold","state":"held","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","network_id":"hold_000000000007","authorisation_code":"MM5XYU","expires_at":"2025-08-07T04:00:00.000Z","brand":"Visa","last4":"0127"}');
INSERT INTO "operation" VALUES(3,'0000000000000018-advance-1','advance','refused',13446,NULL,'2025-07-08T04:00:00.000Z','advance|13446||card_000000000006|card',402,'{"reference":"0000000000000018-advance-1","kind":"advance","state":"refused","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"card","reason":"payout_refused"}');
INSERT INTO "operation" VALUES(4,'0000000000000018-release-1','release','released',13446,'0000000000000018-hold-1','2025-07-08T04:00:00.000Z','release|0|0000000000000018-hold-1||',201,'{"reference":"0000000000000018-release-1","kind":"release","state":"released","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","hold_reference":"0000000000000018-hold-1","hold_state":"released","network_id":"release_000000000008","released_fen":13446,"released_at":"2025-07-08T04:00:00.000Z"}');
INSERT INTO "operation" VALUES(5,'0000000000000023-hold-1','hold','held',13446,NULL,'2025-07-08T04:00:00.000Z','hold|13446||card_000000000011|',201,'{"reference":"0000000000000023-hold-1","kind":"hold","state":"held","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","network_id":"hold_000000000012","authorisation_code":"TJNLMS","expires_at":"2025-08-07T04:00:00.000Z","brand":"Visa","last4":"0127"}');
INSERT INTO "operation" VALUES(6,'0000000000000023-advance-1','advance','refused',13446,NULL,'2025-07-08T04:00:00.000Z','advance|13446||card_000000000011|card',402,'{"reference":"0000000000000023-advance-1","kind":"advance","state":"refused","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"card","reason":"payout_refused"}');
INSERT INTO "operation" VALUES(7,'0000000000000023-release-1','release','released',13446,'0000000000000023-hold-1','2025-07-08T04:00:00.000Z','release|0|0000000000000023-hold-1||',201,'{"reference":"0000000000000023-release-1","kind":"release","state":"released","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","hold_reference":"0000000000000023-hold-1","hold_state":"released","network_id":"release_000000000013","released_fen":13446,"released_at":"2025-07-08T04:00:00.000Z"}');
INSERT INTO "operation" VALUES(8,'000000000000002f-hold-1','hold','held',13446,NULL,'2025-07-08T04:00:00.000Z','hold|13446||card_000000000016|',201,'{"reference":"000000000000002f-hold-1","kind":"hold","state":"held","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","network_id":"hold_000000000017","authorisation_code":"FD7MPC","expires_at":"2025-08-07T04:00:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(9,'000000000000002f-advance-1','advance','paid',13446,NULL,'2025-07-08T04:00:00.000Z','advance|13446||card_000000000016|card',201,'{"reference":"000000000000002f-advance-1","kind":"advance","state":"paid","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"card","network_id":"advance_000000000018","paid_at":"2025-07-08T04:00:00.000Z"}');
INSERT INTO "operation" VALUES(10,'0000000000000038-hold-1','hold','held',13446,NULL,'2025-07-08T04:00:00.000Z','hold|13446||card_000000000021|',201,'{"reference":"0000000000000038-hold-1","kind":"hold","state":"held","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","network_id":"hold_000000000023","authorisation_code":"EY5ROQ","expires_at":"2025-08-07T04:00:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(11,'0000000000000038-advance-1','advance','paid',13446,NULL,'2025-07-08T04:00:00.000Z','advance|13446||payout_000000000022|alipay',201,'{"reference":"0000000000000038-advance-1","kind":"advance","state":"paid","amount_fen":13446,"currency":"CNY","at":"2025-07-08T04:00:00.000Z","method":"alipay","network_id":"advance_000000000024","paid_at":"2025-07-08T04:00:00.000Z"}');
INSERT INTO "operation" VALUES(12,'0000000000000038-release-1','release','released',13446,'0000000000000038-hold-1','2025-07-20T04:01:00.000Z','release|0|0000000000000038-hold-1||',201,'{"reference":"0000000000000038-release-1","kind":"release","state":"released","amount_fen":13446,"currency":"CNY","at":"2025-07-20T04:01:00.000Z","hold_reference":"0000000000000038-hold-1","hold_state":"released","network_id":"release_000000000025","released_fen":13446,"released_at":"2025-07-20T04:01:00.000Z"}');
INSERT INTO "operation" VALUES(13,'0000000000000045-hold-1','hold','held',13446,NULL,'2025-07-20T04:01:00.000Z','hold|13446||card_000000000028|',201,'{"reference":"0000000000000045-hold-1","kind":"hold","state":"held","amount_fen":13446,"currency":"CNY","at":"2025-07-20T04:01:00.000Z","network_id":"hold_000000000029","authorisation_code":"TRTUDR","expires_at":"2025-08-19T04:01:00.000Z","brand":"Visa","last4":"1111"}');
INSERT INTO "operation" VALUES(14,'000000000000002f-capture-1','capture','captured',13446,'000000000000002f-hold-1','2025-07-26T04:01:00.000Z','capture|13446|000000000000002f-hold-1||',201,'{"reference":"000000000000002f-capture-1","kind":"capture","state":"captured","amount_fen":13446,"currency":"CNY","at":"2025-07-26T04:01:00.000Z","hold_reference":"000000000000002f-hold-1","hold_state":"captured","network_id":"capture_000000000030","released_fen":0,"captured_at":"2025-07-26T04:01:00.000Z"}');
CREATE TABLE payout (
        token TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        label TEXT NOT NULL,
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "payout" VALUES('payout_000000000022','alipay','Alipay ···· 21','approved');
CREATE INDEX operation_by_state ON operation (state, amount_fen);
CREATE INDEX hold_open ON hold (expires_at, amount_fen) WHERE state = 'held'
    ;
CREATE INDEX idempotency_key_age ON idempotency_key (kept_until);
CREATE TRIGGER operation_is_never_changed BEFORE UPDATE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never changed'); END;
CREATE TRIGGER operation_is_never_deleted BEFORE DELETE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END;
COMMIT;
