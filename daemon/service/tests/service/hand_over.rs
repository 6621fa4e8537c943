//! The one sign-in as a token for another login: signed, for one audience, once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use readmit_recovery::limits::MAX_ID_BYTES;
use readmitd::service::{Fault, now};
use serde_json::{Value, json};

use crate::house::{ALICE, House, ISSUER, NOBODY, PASSWORD, limits};

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn keys(house: &House) -> Value {
    serde_json::from_str(&house.service.signing_keys()).expect("JSON")
}

/// What the token says, after its signature was checked with the published key that it names.
fn verified(token: &str, keys: &Value) -> (Value, Value) {
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = signed.split_once('.').expect("a header");
    let header: Value = serde_json::from_slice(&decode(header)).expect("a header");
    let named = |key: &&Value| key["kid"] == header["kid"];
    let key = keys["keys"].as_array().expect("keys").iter().find(named).expect("the key that it names");
    let key: [u8; 32] = decode(key["x"].as_str().expect("x")).try_into().expect("32 bytes");
    let signature = Signature::from_slice(&decode(signature)).expect("64 bytes");
    let key = VerifyingKey::from_bytes(&key).expect("a key");
    key.verify(signed.as_bytes(), &signature).expect("the daemon's signature");
    (header, serde_json::from_slice(&decode(claims)).expect("claims"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_says_who_was_let_in_how_and_for_whom() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.recovered(&mut post).await;
    let earliest = now().unix();
    let claimed = house.service.claim_for(&case, "payroll", "n-0S6_WzA2Mj", "uid:33").await.expect("claimed");
    let token = claimed.token.expect("a token");
    let (header, claims) = verified(token.expose(), &keys(&house));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("readmit-sign-in+jwt")));
    let issued = claims["iat"].as_u64().expect("iat");
    assert!((earliest..=now().unix()).contains(&issued), "{claims}");
    let id = claims["jti"].as_str().expect("jti").to_owned();
    assert_eq!(id.len(), 32);
    let wanted = json!({
        "iss": ISSUER, "sub": ALICE, "aud": "payroll", "nonce": "n-0S6_WzA2Mj", "jti": id, "iat": issued,
        "exp": issued + 300, "amr": ["pwd", "email"],
        "readmit": {
            "realm": "default", "kind": "owner", "reason": "lost", "device": "deactivated",
            "tasks": ["change_password", "enroll"], "force_password_change": true, "revoke_sessions": false,
        },
    });
    assert_eq!(claims, wanted);

    // The journal knows for whom, and not with what.
    let entries = house.entries("sign_in_token").await;
    assert_eq!(entries, [("uid:33".to_owned(), json!({ "audience": "payroll", "token": id }))]);
    assert_eq!(house.entries("sign_in_claimed").await.len(), 1);
    let journal = format!("{:?}", house.journal().await);
    assert!(!journal.contains(token.expose()) && !journal.contains("n-0S6_WzA2Mj"));
    assert!(!format!("{token:?}").contains(token.expose()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_sign_in_whoever_asks_and_however_often() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.recovered(&mut post).await;
    let ask = |audience: &'static str| house.service.claim_for(&case, audience, "", "uid:33");
    let plain = async { house.service.claim(&case, "uid:33").await.map(|claimed| claimed.token.map(|_| ())) };
    let token =
        |asked: Result<readmitd::service::SignIn, Fault>| asked.map(|claimed| claimed.token.map(|_| ()));
    let (one, two, three, four) = tokio::join!(ask("payroll"), ask("wiki"), ask("payroll"), plain);
    let all = [token(one), token(two), token(three), four];
    assert_eq!(all.iter().filter(|asked| asked.is_ok()).count(), 1, "{all:?}");
    for refused in all.iter().filter_map(|asked| asked.as_ref().err()) {
        assert!(matches!(refused, Fault::WrongState(_)), "{refused:?}");
    }
    let tokens = house.entries("sign_in_token").await.len();
    assert_eq!(tokens, all.iter().filter(|asked| matches!(asked, Ok(Some(())))).count());
    assert_eq!(house.entries("sign_in_claimed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_allowed_takes_nothing() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.recovered(&mut post).await;
    for audience in ["", "payrol", "Payroll", "payroll ", "other", &"x".repeat(4096)] {
        let refused = house.service.claim_for(&case, audience, "", "uid:33").await.expect_err(audience);
        assert!(matches!(refused, Fault::Refused(_)), "{audience}: {refused:?}");
    }
    for nonce in ["a b", "a\nb", "é", "\0", &"x".repeat(257)] {
        let refused = house.service.claim_for(&case, "payroll", nonce, "uid:33").await.expect_err(nonce);
        assert!(matches!(refused, Fault::InvalidArgument(_)), "{nonce}: {refused:?}");
    }
    assert!(house.entries("sign_in_token").await.is_empty());
    // The sign-in is still there, with the longest nonce, and without one no claim says so.
    let longest = "x".repeat(256);
    let claimed = house.service.claim_for(&case, "payroll", &longest, "uid:33").await.expect("claimed");
    let (_, claims) = verified(claimed.token.expect("a token").expose(), &keys(&house));
    assert_eq!(claims["nonce"], longest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_proven_everything_gets_none() {
    let house = House::quiet().await;
    house.add_alice().await;
    for account in [ALICE, NOBODY] {
        let case = house.open(account, "lost").await;
        let refused = house.service.claim_for(&case, "payroll", "", "uid:33").await.expect_err(account);
        assert_eq!(
            refused.to_string(),
            Fault::WrongState("this cannot be done while the recovery is proving".into()).to_string()
        );
        house.submit(&case, "password", PASSWORD).await.expect("taken");
        assert!(house.service.claim_for(&case, "payroll", "", "uid:33").await.is_err());
    }
    let unknown = house.service.claim_for(&"x".repeat(MAX_ID_BYTES), "payroll", "", "uid:33").await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))), "{unknown:?}");
    assert!(house.entries("sign_in_token").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_outlives_a_restart_and_is_not_the_journals() {
    let house = House::quiet().await;
    let before = keys(&house);
    let report = house.service.verify_journal().await.expect("a report");
    let journal = URL_SAFE_NO_PAD.encode(report.public_key);
    assert_ne!(before["keys"][0]["x"], journal);
    assert_eq!(before["keys"].as_array().map(Vec::len), Some(1));
    let directory = house.stop().await;
    let house = House::on(directory, limits(), Vec::new()).await;
    assert_eq!(keys(&house), before);
    let other = House::quiet().await;
    assert_ne!(keys(&other), before);
}
