//! Calls against a double of a trunk, however they end: nothing of them stays with the stack.

use std::net::SocketAddr;
use std::time::Duration;

use readmit_telephone::number::Number;
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use super::*;
use crate::resolve::Resolver;
use crate::settings::Settings;
use crate::signalling::Signalling;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A trunk that answers each method by these responses. What begins with the word INVITE answers that; a request is sent
/// as it is.
type Script = &'static [(&'static str, &'static [&'static str])];

/// The headers of the request that its responses have too.
fn headers(request: &str) -> String {
    let mut headers = String::new();
    for line in request.lines().skip(1) {
        let (name, _) = line.split_once(':').unwrap_or_default();
        let tagged = line.contains(";tag=");
        match name {
            "To" if !tagged => headers.push_str(&format!("{line};tag=peer\r\n")),
            "Via" | "From" | "To" | "Call-ID" | "CSeq" => headers.push_str(&format!("{line}\r\n")),
            _ => {}
        }
    }
    headers
}

/// A BYE of the trunk within the call of this INVITE.
fn bye(invite: &str, trunk: SocketAddr) -> String {
    let value = |name: &str| {
        let found = invite.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap().to_owned()
    };
    let (from, to, call) = (value("To"), value("From"), value("Call-ID"));
    format!(
        "BYE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP {trunk};branch=z9hG4bKbye\r\nFrom: {from};tag=peer\r\nTo: {to}\r\n\
         Call-ID: {call}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

async fn answer(socket: UdpSocket, script: Script) {
    let trunk = socket.local_addr().unwrap();
    let (mut buffer, mut invite) = ([0; 4096], String::new());
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let (method, _) = request.split_once(' ').unwrap();
        if method == "INVITE" {
            invite.clone_from(&request);
        }
        let answers = script.iter().find(|(of, _)| *of == method).map(|(_, answers)| *answers);
        for answer in answers.unwrap_or_default() {
            let (status, of) = match answer.strip_prefix("INVITE ") {
                Some(status) => (status, &invite),
                None => (*answer, &request),
            };
            let message = if *answer == "BYE" {
                bye(&invite, trunk)
            } else {
                format!(
                    "SIP/2.0 {status}\r\n{}Contact: <sip:peer@{trunk}>\r\nContent-Length: 0\r\n\r\n",
                    headers(of)
                )
            };
            socket.send_to(message.as_bytes(), from).await.unwrap();
        }
    }
}

async fn call(trunk: SocketAddr) -> (Arc<Signalling>, Leg) {
    let settings: Settings =
        serde_json::from_value(json!({ "trunk": trunk.to_string(), "options_seconds": 0 })).unwrap();
    let checked = settings.check().unwrap();
    let signalling =
        Signalling::open(&checked.trunks[0], Arc::new(Resolver::new(&[]))).await.unwrap_or_else(|error| {
            panic!("{error}");
        });
    let way = signalling.link.open().await.unwrap();
    let number = Number::parse("+14155550123").unwrap();
    let leg = signalling.invite(&way, &number, "v=0\r\n".to_owned()).unwrap();
    (signalling, leg)
}

#[tokio::test]
async fn nothing_of_a_call_stays() {
    let table: [(&str, Script, &str); 6] = [
        ("busy", &[("INVITE", &["180 Ringing", "486 Busy Here"])], "Refused"),
        ("we hang up", &[("INVITE", &["200 OK"]), ("BYE", &["200 OK"])], "Answered"),
        ("they hang up", &[("INVITE", &["200 OK"]), ("ACK", &["BYE"])], "HungUp"),
        ("not answered at all", &[], ""),
        (
            "cancelled",
            &[("INVITE", &["180 Ringing"]), ("CANCEL", &["200 OK", "INVITE 487 Request Terminated"])],
            "Provisional",
        ),
        (
            "answered and cancelled at once",
            &[("INVITE", &["180 Ringing"]), ("CANCEL", &["481 Gone", "INVITE 200 OK"]), ("BYE", &["200 OK"])],
            "Provisional",
        ),
    ];
    for (what, script, until) in table {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let trunk = socket.local_addr().unwrap();
        let peer = tokio::spawn(answer(socket, script));
        let (signalling, mut leg) = call(trunk).await;
        assert_eq!(signalling.layer.len(), 1, "{what}");
        while !until.is_empty() {
            let event = format!("{:?}", timeout(PATIENCE, leg.next()).await.unwrap());
            if event.starts_with(until) {
                break;
            }
        }
        leg.end(limits::CANCEL).await;
        let gone = async {
            while !signalling.layer.is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, gone)
            .await
            .unwrap_or_else(|_| panic!("{what}: {:?}", signalling.layer.all_dialog_ids()));
        peer.abort();
    }
}
