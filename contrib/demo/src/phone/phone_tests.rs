use tokio::time::timeout;

use super::caller::{Caller, LONG};
use super::*;

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
    assert!(matches!(call.hang_up(), Err(CallError::Over)));
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
    call.hang_up().unwrap();
    assert_eq!(call.ended(LONG).await, Some(Ending::HungUp));
    let bye = caller.hear("BYE ").await;
    let headers: Vec<_> = bye
        .lines()
        .filter(|line| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name)))
        .collect();
    let ok = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", headers.join("\r\n"));
    caller.sip.send_to(ok.as_bytes(), caller.phone).await.unwrap();
    assert_eq!(call.state(), CallState::Ended(Ending::HungUp));
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
