use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// A caller that writes its SIP by hand, so that the phone is not tested against its own stack.
struct Caller {
    sip: UdpSocket,
    rtp: UdpSocket,
    phone: SocketAddr,
    branch: u32,
    to_tag: String,
}

impl Caller {
    async fn new(phone: &Softphone) -> Self {
        let socket = || UdpSocket::bind(("127.0.0.1", 0));
        Self {
            sip: socket().await.unwrap(),
            rtp: socket().await.unwrap(),
            phone: phone.address(),
            branch: 0,
            to_tag: String::new(),
        }
    }

    async fn say(&mut self, method: &str, cseq: u32, body: &str) {
        if method != "CANCEL" && method != "INVITE" {
            self.branch += 1;
        }
        let me = self.sip.local_addr().unwrap();
        let (phone, branch, tag) = (self.phone, self.branch, &self.to_tag);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} sip:+14155550123@{phone} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK-{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+18005550100@{me}>;tag=caller\r\nTo: <sip:+14155550123@{phone}>{tag}\r\n\
             Call-ID: test@{me}\r\nCSeq: {cseq} {}\r\nContact: <sip:caller@{me}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            if method == "ACK" { "ACK" } else { method },
            body.len(),
        );
        self.sip.send_to(message.as_bytes(), phone).await.unwrap();
    }

    fn offer(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        )
    }

    async fn invite(&mut self) {
        let offer = self.offer();
        self.say("INVITE", 1, &offer).await;
    }

    /// Waits for the first message that begins like this, and keeps the tag of the other side.
    async fn hear(&mut self, start: &str) -> String {
        let mut buffer = vec![0; 65536];
        timeout(LONG, async {
            loop {
                let length = self.sip.recv(&mut buffer).await.unwrap();
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if let Some(at) = message.find(";tag=").filter(|_| !message.starts_with("SIP/2.0 100")) {
                    let to = message.lines().find(|line| line.starts_with("To:")).unwrap_or(&message[at..]);
                    if let Some((_, tag)) = to.split_once(";tag=") {
                        self.to_tag = format!(";tag={tag}");
                    }
                }
                if message.starts_with(start) {
                    return message;
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("never heard {start:?}"))
    }
}

async fn phone() -> Softphone {
    Softphone::bind(([127, 0, 0, 1], 0).into()).await.unwrap()
}

async fn next_call(phone: &mut Softphone) -> Call {
    timeout(LONG, phone.next_call()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_call_is_answered_typed_into_and_ended_by_the_caller() {
    let mut phone = phone().await;
    let mut caller = Caller::new(&phone).await;
    caller.invite().await;
    let mut call = next_call(&mut phone).await;
    assert_eq!((call.caller(), call.called()), ("+18005550100", "+14155550123"));
    assert!(matches!(call.press("1").await, Err(CallError::Over)));
    call.ring().unwrap();
    caller.hear("SIP/2.0 180").await;

    let answering = tokio::spawn(async move {
        call.answer().await.unwrap();
        call
    });
    let answer = caller.hear("SIP/2.0 200").await;
    caller.say("ACK", 1, "").await;
    let call = answering.await.unwrap();
    assert_eq!(call.state(), CallState::Answered);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let sound = Offer::read(body.as_bytes()).unwrap();
    assert_eq!((sound.events, sound.codec), (Some(101), sdp::Codec::Pcmu));

    // Two packets, one of them loud; another payload type and rubbish are not counted.
    let silent = [&[0x80, 0][..], &[0; 10], &[0xff; 160]].concat();
    let loud = [&[0x80, 0][..], &[0; 10], &[0x00; 160]].concat();
    for packet in [&silent[..], &loud, &[0x80, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], b"rubbish"] {
        caller.rtp.send_to(packet, sound.remote).await.unwrap();
    }

    let typing = tokio::spawn(async move {
        call.press("907#").await.unwrap();
        call
    });
    let mut typed = Vec::new();
    let mut buffer = [0; 1500];
    timeout(LONG, async {
        while typed.len() < 4 {
            let length = caller.rtp.recv(&mut buffer).await.unwrap();
            let (payload_type, event) = talk::payload(&buffer[..length]).unwrap();
            let began = buffer[4..8].to_vec();
            if payload_type == 101 && event[1] & 0x80 != 0 && typed.last() != Some(&(event[0], began.clone()))
            {
                typed.push((event[0], began));
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(typed.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [9, 0, 7, 11]);
    let call = typing.await.unwrap();
    assert!(matches!(call.press("1x").await, Err(CallError::NoSuchKey)));
    assert_eq!(call.heard(), Heard { packets: 2, loud: 1 });

    caller.say("BYE", 2, "").await;
    caller.hear("SIP/2.0 200").await;
    assert_eq!(call.ended(LONG).await, Some(Ending::CallerHungUp));
    assert!(matches!(call.press("1").await, Err(CallError::Over)));
    assert!(matches!(call.hang_up().await, Err(CallError::Over)));
}

#[tokio::test]
async fn a_call_is_refused() {
    for (busy, status) in [(true, "SIP/2.0 486"), (false, "SIP/2.0 603")] {
        let mut phone = phone().await;
        let mut caller = Caller::new(&phone).await;
        caller.invite().await;
        let call = next_call(&mut phone).await;
        if busy {
            call.busy().unwrap()
        } else {
            call.decline().unwrap()
        }
        caller.hear(status).await;
        assert_eq!(call.ended(LONG).await, Some(Ending::HungUp));
    }
}

#[tokio::test]
async fn a_call_that_nobody_looks_at_is_busy() {
    let mut phone = phone().await;
    let mut caller = Caller::new(&phone).await;
    caller.invite().await;
    drop(next_call(&mut phone).await);
    caller.hear("SIP/2.0 486").await;
}

#[tokio::test]
async fn the_caller_gives_up() {
    let mut phone = phone().await;
    let mut caller = Caller::new(&phone).await;
    caller.invite().await;
    let mut call = next_call(&mut phone).await;
    call.ring().unwrap();
    caller.hear("SIP/2.0 180").await;
    caller.to_tag.clear();
    caller.say("CANCEL", 1, "").await;
    caller.hear("SIP/2.0 487").await;
    assert_eq!(call.ended(LONG).await, Some(Ending::GivenUp));
    assert!(matches!(call.answer().await, Err(CallError::Over)));
}

#[tokio::test]
async fn the_phone_hangs_up() {
    let mut phone = phone().await;
    let mut caller = Caller::new(&phone).await;
    caller.invite().await;
    let mut call = next_call(&mut phone).await;
    let answering = tokio::spawn(async move {
        call.answer().await.unwrap();
        call
    });
    caller.hear("SIP/2.0 200").await;
    caller.say("ACK", 1, "").await;
    let call = answering.await.unwrap();
    let hanging_up = tokio::spawn(async move {
        call.hang_up().await.unwrap();
        call
    });
    let bye = caller.hear("BYE ").await;
    let headers: Vec<_> = bye
        .lines()
        .filter(|line| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name)))
        .collect();
    let ok = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", headers.join("\r\n"));
    caller.sip.send_to(ok.as_bytes(), caller.phone).await.unwrap();
    let call = hanging_up.await.unwrap();
    assert_eq!(call.ended(LONG).await, Some(Ending::HungUp));
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let phone = phone().await;
    let mut caller = Caller::new(&phone).await;
    for (method, body, status) in [
        ("INVITE", "nonsense".to_owned(), "SIP/2.0 488"),
        ("OPTIONS", String::new(), "SIP/2.0 200"),
        ("BYE", String::new(), "SIP/2.0 481"),
        ("MESSAGE", String::new(), "SIP/2.0 405"),
    ] {
        caller.branch += 10;
        caller.say(method, 7, &body).await;
        caller.hear(status).await;
        caller.to_tag.clear();
    }
}

#[tokio::test]
async fn calls_in_waiting_are_bounded() {
    let phone = phone().await;
    let mut callers = Vec::new();
    for _ in 0..limits::CALLS {
        let mut caller = Caller::new(&phone).await;
        caller.invite().await;
        caller.hear("SIP/2.0 100").await;
        callers.push(caller);
    }
    let mut caller = Caller::new(&phone).await;
    caller.invite().await;
    caller.hear("SIP/2.0 486").await;
}
