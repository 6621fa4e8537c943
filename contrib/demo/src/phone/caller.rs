//! A caller for tests, which writes its SIP by hand, so that the phone is not tested against its own stack.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::Softphone;

/// Longer than anything here takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(20);

/// One caller, for one call.
pub struct Caller {
    pub sip: UdpSocket,
    pub rtp: UdpSocket,
    pub phone: SocketAddr,
    pub branch: u32,
    pub to_tag: String,
}

impl Caller {
    pub async fn new(phone: &Softphone) -> Self {
        let socket = || UdpSocket::bind(("127.0.0.1", 0));
        Self {
            sip: socket().await.unwrap(),
            rtp: socket().await.unwrap(),
            phone: phone.address(),
            branch: 0,
            to_tag: String::new(),
        }
    }

    pub async fn say(&mut self, method: &str, cseq: u32, body: &str) {
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

    pub fn offer(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        )
    }

    pub async fn invite(&mut self) {
        let offer = self.offer();
        self.say("INVITE", 1, &offer).await;
    }

    /// Waits for the first message that begins like this, and keeps the tag of the other side.
    pub async fn hear(&mut self, start: &str) -> String {
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
