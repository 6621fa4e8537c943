//! Signatures, held against Twilio's own library: what it signs is believed, and what it would not believe is not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use readmit_voice_http::twilio::signature::{Algorithm, Verifier, body_fits};
use readmit_voice_http::web_address::WebAddress;
use serde_json::{Value, json};

use crate::kit::python;

/// How many random requests.
const CASES: u32 = 1500;

struct Validator {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Validator {
    fn start() -> Validator {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validator.py");
        let mut child = python().arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Validator { child, input, output }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").and_then(|()| self.input.flush()).unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("the validator failed at {question}"))
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is changed between signing and checking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tamper {
    Nothing,
    Port,
    Url,
    Value,
    Name,
    Dropped,
    Repeated,
    Signature,
    Secret,
    Algorithm,
}

const TAMPERS: [Tamper; 10] = [
    Tamper::Nothing,
    Tamper::Port,
    Tamper::Url,
    Tamper::Value,
    Tamper::Name,
    Tamper::Dropped,
    Tamper::Repeated,
    Tamper::Signature,
    Tamper::Secret,
    Tamper::Algorithm,
];

#[derive(Debug, Clone)]
struct Request {
    port: Option<u16>,
    target: String,
    parameters: Vec<(String, String)>,
    secret: String,
    sha256: bool,
    tamper: Tamper,
}

fn requests() -> impl Strategy<Value = Request> {
    let port = prop_oneof![Just(None), Just(Some(443)), Just(Some(8443)), Just(Some(80))];
    let target = (
        "(/[a-zA-Z0-9._~%-]{1,8}){1,3}",
        prop::option::of("[a-z]{1,3}=[a-zA-Z0-9%+.-]{1,6}(&[a-z]=[a-z]{1,3}){0,2}"),
    );
    let target = target.prop_map(|(path, query)| match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    });
    // Few names, so that they repeat.
    let parameters = prop::collection::vec(("[a-dA-D]{1,2}|é|Ω", "\\PC{0,6}"), 0..8);
    let tamper = prop::sample::select(TAMPERS.as_slice());
    (port, target, parameters, "[a-zA-Z0-9]{1,40}", any::<bool>(), tamper).prop_map(
        |(port, target, parameters, secret, sha256, tamper)| Request {
            port,
            target,
            parameters,
            secret,
            sha256,
            tamper,
        },
    )
}

fn algorithm(sha256: bool) -> (Algorithm, &'static str) {
    if sha256 { (Algorithm::HmacSha256, "HMAC_SHA256") } else { (Algorithm::HmacSha1, "HMAC_SHA1") }
}

fn origin(port: Option<u16>) -> String {
    port.map_or("https://calls.example.org".to_owned(), |port| format!("https://calls.example.org:{port}"))
}

/// Our verdict and theirs.
fn verdicts(validator: &mut Validator, request: Request) -> (bool, bool) {
    let Request { port, mut target, mut parameters, mut secret, mut sha256, tamper } = request;
    let signed_port = match (tamper, port) {
        (Tamper::Port, None) => Some(443),
        (Tamper::Port, Some(_)) => None,
        _ => port,
    };
    let signed_url = origin(signed_port) + &target;
    let mut signature = validator
        .ask(&json!({
            "do": "sign", "secret": secret, "url": signed_url, "parameters": parameters,
            "algorithm": algorithm(sha256).1,
        }))
        .as_str()
        .unwrap()
        .to_owned();
    match tamper {
        Tamper::Nothing | Tamper::Port => {}
        Tamper::Url => target.push('x'),
        Tamper::Value => parameters.iter_mut().take(1).for_each(|(_, value)| value.push('x')),
        Tamper::Name => parameters.iter_mut().take(1).for_each(|(name, _)| name.push('x')),
        Tamper::Dropped => drop(parameters.pop()),
        Tamper::Repeated => parameters.extend(parameters.first().cloned()),
        Tamper::Signature => signature = signature.replace(['a', 'b', 'A', '1'], "c"),
        Tamper::Secret => secret.push('x'),
        Tamper::Algorithm => sha256 = !sha256,
    }
    let (ours, theirs) = algorithm(sha256);
    let base: WebAddress = origin(port).parse().unwrap();
    let fits = Verifier::new(ours, &secret).fits(&base.signed_as(&target), &parameters, &signature);
    let valid = validator.ask(&json!({
        "do": "validate", "secret": secret, "url": origin(port) + &target, "parameters": parameters,
        "signature": signature, "algorithm": theirs,
    }));
    (fits, valid.as_bool().unwrap())
}

#[test]
fn we_believe_what_twilios_own_library_believes() {
    let mut validator = Validator::start();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let validator = std::cell::RefCell::new(&mut validator);
    let seen = std::cell::RefCell::new((0, 0));
    runner
        .run(&requests(), |request| {
            let untouched = matches!(request.tamper, Tamper::Nothing | Tamper::Port | Tamper::Repeated);
            let (ours, theirs) = verdicts(&mut validator.borrow_mut(), request);
            prop_assert_eq!(ours, theirs);
            if untouched {
                prop_assert!(ours, "what is as it was signed is believed");
            }
            let mut seen = seen.borrow_mut();
            if ours {
                seen.0 += 1
            } else {
                seen.1 += 1
            }
            Ok(())
        })
        .unwrap();
    let (believed, refused) = *seen.borrow();
    assert!(believed > CASES / 5 && refused > CASES / 5, "{believed} believed, {refused} refused");
}

#[test]
fn the_hash_of_a_body_is_what_twilios_own_library_takes() {
    let mut validator = Validator::start();
    for (body, tampered) in
        [("{\"CallSid\":\"CA1\"}", false), ("{}", false), ("{\"a\":\"é\"}", true), ("", true)]
    {
        let hash = hex::encode(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref());
        let query = format!("a=b&bodySHA256={hash}");
        let url = format!("https://calls.example.org/x?{query}");
        let sent = if tampered { format!("{body} ") } else { body.to_owned() };
        let signature = validator.ask(&json!({
            "do": "sign", "secret": "s", "url": url, "parameters": [], "algorithm": "HMAC_SHA1" }));
        let valid = validator.ask(&json!({
            "do": "validate", "secret": "s", "url": url, "body": sent, "parameters": [], "signature": signature,
            "algorithm": "HMAC_SHA1" }));
        let verifier = Verifier::new(Algorithm::HmacSha1, "s");
        let base: WebAddress = "https://calls.example.org".parse().unwrap();
        let target = format!("/x?{query}");
        let signed = verifier.fits(&base.signed_as(&target), &[], signature.as_str().unwrap());
        let ours = signed && body_fits(&query, sent.as_bytes()) == Some(true);
        assert_eq!(json!(ours), valid, "{body:?}");
        assert_eq!(ours, !tampered, "{body:?}");
    }
}
