//! The voice plugin for HTTP providers as a service: two sockets, one for the daemon and one for the web server, whichever
//! it is started by.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use readmit_tests::Host;

use crate::installed::{CONFIG, host, property, until};

const WEBHOOK: &str = "/run/readmit-voice-http/webhook.sock";

const PLUGIN: &str = r#"
[plugins.web]
socket = "/run/readmit/plugins/voice-http.sock"
[plugins.web.settings]
public_url = "https://calls.example.org/readmit"
from = "+14155550100"
regions = ["+1"]
[plugins.web.settings.twilio]
account = "AC0123456789abcdef0123456789abcdef"
auth_token_file = "readmit-voice-http.token"
"#;

/// What the web server in front gets.
fn ask(host: &Host, request: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(host.place(WEBHOOK)).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn webhooks_come_in_by_a_socket_that_systemd_opens() {
    let host = host();
    host.write("/etc/readmit/readmit.toml", [CONFIG, PLUGIN].concat());
    host.sh(
        "umask 077; mkdir -p /etc/credstore; printf hunter2 > /etc/credstore/readmit-voice-http.token; \
         printf hunter2 > /etc/credstore/readmit-email.password; getent group www-data || groupadd -r www-data; \
         systemctl start readmit-email.socket readmit-voice.socket readmit-voice-http.socket \
         readmit-voice-http-webhook.socket readmitd.service",
    );
    until(&host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
    assert_eq!(host.sh(&format!("stat -c '%a %U %G' {WEBHOOK}")).trim(), "660 root www-data");
    let prompt = ask(&host, "GET /readmit/prompts/en/greeting.wav");
    assert!(prompt.starts_with(b"HTTP/1.1 200") && prompt.windows(4).any(|bytes| bytes == b"RIFF"));
    assert!(
        ask(&host, "POST /readmit/calls/00112233445566778899aabbccddeeff/answer")
            .starts_with(b"HTTP/1.1 404")
    );

    // The daemon comes back to the same plugin, which still has its socket.
    let before = property(&host, "readmit-voice-http.service", "MainPID");
    host.sh("systemctl restart readmitd.service");
    until(&host, "systemctl show --property=StatusText readmitd.service | grep -q 'plugins well'");
    assert!(ask(&host, "GET /readmit/prompts/de/again.wav").starts_with(b"HTTP/1.1 200"));
    assert_eq!(property(&host, "readmit-voice-http.service", "MainPID"), before);
    let journal = host.journal();
    assert!(!journal.contains("hunter2"), "{journal}");
}
