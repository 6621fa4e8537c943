use super::*;

/// Feeds whole lines and gives the code of each answer; a message that was taken is 0, no answer yet is 1.
fn codes(lines: &[&str]) -> (Vec<u16>, Vec<Envelope>) {
    let mut session = Session::new("demo.test");
    let mut envelopes = Vec::new();
    let codes = lines
        .iter()
        .map(|line| match session.take(Line::Whole(line.as_bytes().to_vec())) {
            Answer::None => 1,
            Answer::Say(reply) | Answer::Close(reply) => reply.code,
            Answer::Take(envelope) => {
                envelopes.push(envelope);
                0
            }
        })
        .collect();
    (codes, envelopes)
}

const HELLO: &str = "EHLO client.test";
const FROM: &str = "MAIL FROM:<a@example.org>";
const TO: &str = "RCPT TO:<b@example.org>";

#[test]
fn odd_dialogues() {
    let table: &[(&[&str], &[u16])] = &[
        (&[HELLO, FROM, TO, "DATA", "hi", ".", "QUIT"], &[250, 250, 250, 354, 1, 0, 221]),
        (&["HELO x", "mail from:<a@example.org>", "rcpt to:<b@example.org>", "data"], &[250, 250, 250, 354]),
        (&[FROM], &[503]),
        (&[TO], &[503]),
        (&["DATA"], &[503]),
        (&[HELLO, TO], &[250, 503]),
        (&[HELLO, FROM, "DATA"], &[250, 250, 554]),
        (&[HELLO, FROM, FROM], &[250, 250, 503]),
        (&[HELLO, FROM, "RSET", TO, FROM], &[250, 250, 250, 503, 250]),
        (&[HELLO, FROM, HELLO, TO], &[250, 250, 250, 503]),
        (&["RSET", FROM], &[250, 503]),
        (&["EHLO", "EHLO ", HELLO], &[501, 501, 250]),
        (&[HELLO, "MAIL FROM:a@example.org"], &[250, 501]),
        (&[HELLO, FROM, "RCPT TO:<>"], &[250, 250, 501]),
        (&[HELLO, FROM, "RCPT TO:<b@example.org> NOTIFY=NEVER", TO], &[250, 250, 555, 250]),
        (&[HELLO, "MAIL FROM:<> SIZE=99"], &[250, 250]),
        (&[HELLO, "MAIL FROM:<> SIZE=1048577", FROM], &[250, 552, 250]),
        (&[HELLO, "MAIL FROM:<> SIZE=99999999999999999999999", FROM], &[250, 501, 250]),
        (&[HELLO, "MAIL FROM:<> BODY=8bitmime"], &[250, 250]),
        (&[HELLO, "MAIL FROM:<> BODY=BINARYMIME"], &[250, 555]),
        (&[HELLO, "MAIL FROM:<> SMTPUTF8"], &[250, 555]),
        (&[HELLO, FROM, TO, "DATA now"], &[250, 250, 250, 501]),
        (
            &["NOOP", "NOOP x", "VRFY a", "HELP", "EXPN a", "AUTH PLAIN", "STARTTLS"],
            &[250, 250, 252, 214, 502, 502, 502],
        ),
        (&["", " EHLO x", "GARBAGE", "BDAT 5 LAST"], &[500, 500, 500, 500]),
        (&["QUIT"], &[221]),
    ];
    for (lines, expected) in table {
        assert_eq!(codes(lines).0, *expected, "{lines:?}");
    }
}

#[test]
fn a_message_keeps_its_dots_and_its_addresses() {
    let (_, envelopes) = codes(&[
        HELLO,
        FROM,
        TO,
        "RCPT TO:<c@example.org>",
        "DATA",
        "Subject: x",
        "",
        "..",
        "..leading",
        ".one",
        "mid.dle",
        "",
        ".",
    ]);
    assert_eq!(
        envelopes,
        [Envelope {
            from: "a@example.org".into(),
            to: vec!["b@example.org".into(), "c@example.org".into()],
            content: b"Subject: x\r\n\r\n.\r\n.leading\r\none\r\nmid.dle\r\n\r\n".to_vec(),
        }]
    );
}

#[test]
fn two_messages_in_one_session_do_not_mix() {
    let (codes, envelopes) =
        codes(&[HELLO, FROM, TO, "DATA", "1", ".", TO, "MAIL FROM:<>", TO, "DATA", "2", "."]);
    assert_eq!(codes, [250, 250, 250, 354, 1, 0, 503, 250, 250, 354, 1, 0]);
    assert_eq!(
        envelopes[1],
        Envelope { from: String::new(), to: vec!["b@example.org".into()], content: b"2\r\n".to_vec() }
    );
}

fn receiving() -> Session {
    let mut session = Session::new("demo.test");
    for line in [HELLO, FROM, TO, "DATA"] {
        session.take(Line::Whole(line.into()));
    }
    session
}

fn code(answer: Answer) -> u16 {
    match answer {
        Answer::Say(reply) | Answer::Close(reply) => reply.code,
        Answer::Take(_) => 0,
        Answer::None => 1,
    }
}

#[test]
fn a_faulty_message_is_refused_at_its_end_and_the_session_goes_on() {
    for (line, refused) in [(Line::Bare(7), 554), (Line::TooLong(2000), 554)] {
        let mut session = receiving();
        assert_eq!(code(session.take(line)), 1);
        assert_eq!(code(session.take(Line::Whole(b"text".to_vec()))), 1);
        assert_eq!(code(session.take(Line::Whole(b".".to_vec()))), refused);
        assert_eq!(code(session.take(Line::Whole(FROM.into()))), 250);
    }
}

#[test]
fn a_line_may_have_1000_octets_and_one_more_for_a_doubled_dot() {
    let mut session = receiving();
    assert_eq!(session.bound(), 1001);
    let fits = [b".".to_vec(), vec![b'.'; 998]].concat();
    session.take(Line::Whole(fits));
    assert_eq!(code(session.take(Line::Whole(b".".to_vec()))), 0);
    let mut session = receiving();
    session.take(Line::Whole(vec![b'x'; 999]));
    assert_eq!(code(session.take(Line::Whole(b".".to_vec()))), 554);
}

#[test]
fn a_message_may_be_as_large_as_announced_and_no_larger() {
    let line = vec![b'x'; 998];
    let whole = limits::SMTP_MESSAGE / 1000;
    let rest = vec![b'x'; limits::SMTP_MESSAGE % 1000 - 2];
    for (extra, expected) in [(None, 0), (Some(b"".to_vec()), 552)] {
        let mut session = receiving();
        for _ in 0..whole {
            session.take(Line::Whole(line.clone()));
        }
        session.take(Line::Whole(rest.clone()));
        if let Some(extra) = extra {
            session.take(Line::Whole(extra));
        }
        assert_eq!(code(session.take(Line::Whole(b".".to_vec()))), expected);
    }
}

#[test]
fn a_flood_in_a_message_closes_the_connection() {
    let mut session = receiving();
    let mut answers = std::iter::repeat_with(|| session.take(Line::TooLong(limits::SMTP_MESSAGE)));
    let closed = answers.by_ref().take(6).position(|answer| matches!(answer, Answer::Close(_)));
    assert_eq!(closed, Some(4));
}

#[test]
fn faults_are_bounded() {
    let mut session = Session::new("demo.test");
    for _ in 1..limits::SMTP_FAULTS {
        assert!(matches!(session.take(Line::Bare(3)), Answer::Say(Reply { code: 500, .. })));
    }
    assert!(matches!(session.take(Line::TooLong(3)), Answer::Close(Reply { code: 421, .. })));
}

#[test]
fn recipients_are_bounded() {
    let mut session = Session::new("demo.test");
    session.take(Line::Whole(HELLO.into()));
    session.take(Line::Whole(FROM.into()));
    for _ in 0..limits::SMTP_RECIPIENTS {
        assert_eq!(code(session.take(Line::Whole(TO.into()))), 250);
    }
    assert_eq!(code(session.take(Line::Whole(TO.into()))), 452);
    assert_eq!(code(session.take(Line::Whole(b"DATA".to_vec()))), 354);
}

#[test]
fn replies_of_several_lines() {
    let mut session = Session::new("demo.test");
    let Answer::Say(reply) = session.take(Line::Whole(HELLO.into())) else { panic!("no reply") };
    assert_eq!(
        reply.to_wire(),
        "250-demo.test\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 1048576\r\n"
    );
}
