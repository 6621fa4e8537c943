//! Media over real sockets on the loopback.

use std::net::Ipv4Addr;

use tokio::net::UdpSocket;

use super::*;
use crate::ports::PortError;
use crate::sdp::{Codec, Profile};
use crate::srtp::{MasterKey, Sdes};

const SILENCE: Duration = Duration::from_millis(200);

async fn pair(networks: Vec<Network>) -> (Media, UdpSocket, SocketAddr) {
    secured_pair(networks, Security::Off, None).await
}

async fn secured_pair(
    networks: Vec<Network>,
    security: Security,
    secured: Option<Sdes>,
) -> (Media, UdpSocket, SocketAddr) {
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = Port::take(Ipv4Addr::LOCALHOST.into(), (20_000, 29_999), rand()).await.unwrap();
    let ours = port.audio.local_addr().unwrap();
    let negotiated = Negotiated {
        remote: Some(peer.local_addr().unwrap()),
        codec: Codec::Pcma,
        payload_type: 8,
        events: vec![96],
        send: true,
        receive: true,
        reports: None,
        profile: Profile::Avp,
        secured,
    };
    (Media::start(port, negotiated, security, networks, SILENCE, [7; 10]), peer, ours)
}

fn rand() -> u16 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).unwrap();
    u16::from_be_bytes(bytes)
}

fn event(payload_type: u8, digit: u8, timestamp: u32) -> Vec<u8> {
    rtp_types::RtpPacketBuilder::<&[u8], &[u8]>::new()
        .payload_type(payload_type)
        .ssrc(9)
        .timestamp(timestamp)
        .payload(&[digit, 0x8a, 1, 0x40][..])
        .write_vec()
        .unwrap()
}

#[tokio::test]
async fn keys_come_in_under_both_payload_types() {
    let (mut media, peer, ours) = pair(vec![]).await;
    peer.send_to(&event(96, 4, 1000), ours).await.unwrap();
    peer.send_to(&event(101, 2, 3000), ours).await.unwrap();
    peer.send_to(&event(97, 5, 5000), ours).await.unwrap();
    peer.send_to(b"not rtp", ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(4)));
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(2)));
    assert_eq!(media.next().await, MediaEvent::Stopped);
    assert!(media.summary().starts_with("3 RTP packets heard, "), "{}", media.summary());
    assert!(media.summary().contains(", keys by RTP, "), "{}", media.summary());
}

#[tokio::test]
async fn strangers_press_no_keys() {
    let (mut media, peer, ours) = pair(vec![]).await;
    // Another port of the same address is the first to send, and so it is the one that is believed.
    let first = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    first.send_to(&event(96, 1, 1000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    peer.send_to(&event(96, 2, 3000), ours).await.unwrap();
    first.send_to(&event(96, 3, 5000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(1)));
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(3)));
    assert!(media.summary().contains("1 refused as from elsewhere"), "{}", media.summary());
}

#[tokio::test]
async fn a_prompt_goes_out_in_frames_and_ends() {
    let (mut media, peer, _) = pair(vec![]).await;
    media.play(Arc::from(vec![0x11; limits::FRAME_SAMPLES * 3]));
    assert_eq!(media.next().await, MediaEvent::PromptEnded);
    let mut buffer = [0; 1500];
    for index in 0..3 {
        let length = peer.recv(&mut buffer).await.unwrap();
        let packet = RtpPacket::parse(&buffer[..length]).unwrap();
        assert_eq!((packet.payload_type(), packet.marker_bit()), (8, index == 0));
        assert_eq!(packet.payload(), [0x11; limits::FRAME_SAMPLES]);
    }
}

#[tokio::test]
async fn a_prompt_that_is_cut_short_has_no_end() {
    let (mut media, peer, ours) = pair(vec![]).await;
    media.play(Arc::from(vec![]));
    media.send(Instant::now());
    media.hush();
    peer.send_to(&event(96, 4, 1000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(4)));
}

#[tokio::test]
async fn ports_are_even_and_run_out() {
    let ip = Ipv4Addr::LOCALHOST.into();
    let first = Port::take(ip, (20_000, 29_999), rand()).await.unwrap();
    assert_eq!(first.number() % 2, 0);
    let range = (first.number(), first.number() + 1);
    assert!(matches!(Port::take(ip, range, 5).await, Err(PortError::NoneFree)));
    assert!(matches!(Port::take(ip, (range.1, range.1), 5).await, Err(PortError::NoneFree)));
    drop(first);
    let reports = UdpSocket::bind((ip, range.1)).await.unwrap();
    assert!(matches!(Port::take(ip, range, 5).await, Err(PortError::NoneFree)), "its neighbour is taken");
    drop(reports);
    let first = Port::take(ip, range, 5).await.unwrap();
    assert_eq!(first.reports.local_addr().unwrap().port(), range.1);
    let elsewhere = Port::take("192.0.2.1".parse().unwrap(), range, 5).await;
    assert!(matches!(elsewhere, Err(PortError::Address(_))));
}

#[tokio::test]
async fn encrypted_keys_are_taken_once_and_plain_ones_never() {
    let (ours, theirs) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let mut there = Srtp::new(&theirs, &ours).unwrap();
    let sdes = Some(Sdes { tag: 1, key: theirs });
    let (mut media, peer, address) = secured_pair(vec![], Security::Required(ours), sdes).await;
    // Another port is the first to send, and what it sends is plain: it does not bind the call to itself.
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    stranger.send_to(&event(96, 1, 1000), address).await.unwrap();
    let key = there.protect(&event(96, 4, 1000)).unwrap();
    peer.send_to(&key, address).await.unwrap();
    peer.send_to(&key, address).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(4)));
    media.play(Arc::from(vec![0x11; limits::FRAME_SAMPLES]));
    assert_eq!(media.next().await, MediaEvent::PromptEnded);
    let summary = media.summary();
    assert!(summary.starts_with("1 RTP packets heard (SRTP), "), "{summary}");
    assert!(summary.contains("2 not authentic or repeated"), "{summary}");
    let mut buffer = [0; 1500];
    let length = peer.recv(&mut buffer).await.unwrap();
    assert!(there.open(&buffer[..length]).is_some(), "ours is encrypted");
}

#[tokio::test]
async fn on_hold_the_prompt_waits_and_silence_is_no_end() {
    let (mut media, peer, ours) = pair(vec![]).await;
    peer.send_to(&event(96, 4, 1000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(4)));
    let active = media.negotiated().clone();
    media.renegotiate(Negotiated { send: false, receive: false, ..active.clone() });
    media.play(Arc::from(vec![0x11; limits::FRAME_SAMPLES]));
    let held = tokio::time::timeout(SILENCE * 2, media.next()).await;
    assert!(held.is_err(), "{held:?}");
    media.renegotiate(active);
    assert_eq!(media.next().await, MediaEvent::PromptEnded);
    assert_eq!(media.next().await, MediaEvent::Stopped);
}

#[tokio::test]
async fn reports_go_out_at_the_end_and_theirs_are_read() {
    let (mut media, peer, ours) = pair(vec![]).await;
    let there = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let reports = there.local_addr().unwrap();
    media.renegotiate(Negotiated { reports: Some(reports), ..media.negotiated().clone() });
    let mut reception = Reception::default();
    let ssrc = media.outgoing.sent().ssrc;
    reception.heard(ssrc, 1, None, Duration::ZERO);
    reception.heard(ssrc, 9, None, Duration::ZERO);
    let sent = rtcp::Sent { ssrc: 9, timestamp: 0, packets: 1, octets: 160 };
    let report = rtcp::write(sent, &mut reception, Duration::ZERO, Duration::ZERO, false).unwrap();
    let port = media.port.reports.local_addr().unwrap();
    assert_eq!(port.port(), ours.port() + 1);
    there.send_to(&report, port).await.unwrap();
    peer.send_to(&event(96, 4, 1000), ours).await.unwrap();
    while media.next().await != MediaEvent::Stopped {}
    assert!(media.summary().ends_with(", there 7 lost, jitter 0 ms"), "{}", media.summary());
    media.leave();
    let mut buffer = [0; 1500];
    let length = there.recv(&mut buffer).await.unwrap();
    let mut remote = Remote::default();
    assert!(rtcp::read(&buffer[..length], 9, &mut reception, Duration::ZERO, &mut remote));
    assert_eq!(remote, Remote { ours: Some((0, Duration::ZERO)), goodbye: true });
}

#[tokio::test]
async fn media_that_moves_is_followed() {
    let (mut media, peer, ours) = pair(vec![]).await;
    peer.send_to(&event(96, 4, 1000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Arrived);
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(4)));
    let moved = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let remote = Some(moved.local_addr().unwrap());
    media.renegotiate(Negotiated { remote, ..media.negotiated().clone() });
    moved.send_to(&event(96, 5, 3000), ours).await.unwrap();
    assert_eq!(media.next().await, MediaEvent::Key(Key::Digit(5)));
    peer.send_to(&event(96, 6, 5000), ours).await.unwrap();
    media.play(Arc::from(vec![0x11; limits::FRAME_SAMPLES]));
    assert_eq!(media.next().await, MediaEvent::PromptEnded, "the place of before presses no keys");
    let mut buffer = [0; 1500];
    while !buffer[12..].starts_with(&[0x11; limits::FRAME_SAMPLES]) {
        let _length = moved.recv(&mut buffer).await.unwrap();
    }
}

#[test]
fn as_many_files_as_may_be() {
    crate::ports::allow_many();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    assert_eq!(limit.current, limit.maximum);
}
