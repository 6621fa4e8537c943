use lettre::message::{Mailbox as Address, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::AsyncReadExt;

use super::*;

async fn sink() -> MailSink {
    MailSink::bind(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// Says everything at once, as a pipelining client does, and returns all that the server said.
async fn dialogue(sink: &MailSink, said: &[u8]) -> String {
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    stream.write_all(said).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    heard
}

fn codes(heard: &str) -> Vec<&str> {
    heard.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect()
}

#[tokio::test]
async fn lettre_delivers_several_mails_over_one_connection() {
    let sink = sink().await;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .build();
    let from: Address = "Example <no-reply@example.com>".parse().unwrap();
    for number in 1..=3 {
        let text = format!(
            "Grüße\n.\n..dots\n{}\nhttps://id.example.org/recover?t=abc{number}\n",
            "wide ".repeat(400)
        );
        let message = Message::builder()
            .from(from.clone())
            .to("alice@example.org".parse().unwrap())
            .subject(format!("Número {number}"))
            .multipart(MultiPart::alternative_plain_html(text.clone(), "<p>x</p>".to_owned()))
            .unwrap();
        transport.send(message).await.unwrap();
        let mail = sink.mailbox().mail(number).unwrap();
        assert_eq!(mail.subject, format!("Número {number}"));
        assert_eq!(mail.from, "Example <no-reply@example.com>");
        assert_eq!(mail.to, ["alice@example.org"]);
        assert_eq!(mail.text.trim_end(), text.trim_end());
        assert_eq!(
            mail.links().collect::<Vec<_>>(),
            [format!("https://id.example.org/recover?t=abc{number}")]
        );
    }
}

#[tokio::test]
async fn raw_dialogues() {
    let long_command = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(limits::SMTP_COMMAND_LINE));
    let table: &[(&[u8], &[&str], usize)] = &[
        (b"QUIT\r\n", &["220", "221"], 0),
        (b"", &["220"], 0),
        (
            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\nNOOP\r\n",
            &["220", "250", "250", "250", "354", "250", "221"],
            1,
        ),
        (
            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nhalf a mess",
            &["220", "250", "250", "250", "354"],
            0,
        ),
        // SMTP smuggling: a bare LF around the dot must neither end the message nor be stored.
        (
            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nhi\n.\nMAIL FROM:<evil@b>\r\n.\r\nNOOP\r\n",
            &["220", "250", "250", "250", "354", "554", "250"],
            0,
        ),
        (b"EHLO x\nNOOP\r\nNOOP\r\n", &["220", "500", "250"], 0),
        (long_command.as_bytes(), &["220", "500", "250"], 0),
        (b"\xff\xfe\r\nNOOP\r\n", &["220", "500", "250"], 0),
        (b"NOOP\0\r\n", &["220", "500"], 0),
    ];
    for (said, expected, mails) in table {
        let sink = sink().await;
        let heard = dialogue(&sink, said).await;
        assert_eq!(codes(&heard), *expected, "{}\n{heard}", String::from_utf8_lossy(said));
        assert_eq!(sink.mailbox().newest(), *mails);
    }
}

#[tokio::test]
async fn a_full_mailbox_refuses_for_now() {
    let sink = sink().await;
    for _ in 0..limits::MAILS {
        let envelope = session::Envelope { from: String::new(), to: Vec::new(), content: Vec::new() };
        sink.mailbox().put(envelope).unwrap();
    }
    let heard =
        dialogue(&sink, b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n").await;
    assert_eq!(codes(&heard), ["220", "250", "250", "250", "354", "452", "221"]);
}

#[tokio::test]
async fn more_connections_than_slots_wait_their_turn() {
    let sink = sink().await;
    let mut open = Vec::new();
    for _ in 0..limits::SMTP_CONNECTIONS {
        let mut stream = TcpStream::connect(sink.address()).await.unwrap();
        let mut first = [0; 3];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"220");
        open.push(stream);
    }
    let mut waiting = TcpStream::connect(sink.address()).await.unwrap();
    waiting.write_all(b"QUIT\r\n").await.unwrap();
    let mut nothing = [0; 1];
    assert!(waiting.try_read(&mut nothing).is_err(), "served beyond the bound");
    drop(open.pop());
    let mut heard = String::new();
    waiting.read_to_string(&mut heard).await.unwrap();
    assert_eq!(codes(&heard), ["220", "221"]);
}

#[tokio::test]
async fn dropping_the_sink_closes_its_connections() {
    let sink = sink().await;
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    let mut first = [0; 3];
    stream.read_exact(&mut first).await.unwrap();
    let address = sink.address();
    drop(sink);
    let mut rest = Vec::new();
    // Whether the other side sees an end or a reset is up to the kernel.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}
