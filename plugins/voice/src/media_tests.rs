//! Media over real sockets on the loopback.

use std::net::Ipv4Addr;

use super::*;
use crate::sdp::Codec;

const SILENCE: Duration = Duration::from_millis(200);

async fn pair(networks: Vec<Network>) -> (Media, UdpSocket, SocketAddr) {
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = Port::take(Ipv4Addr::LOCALHOST.into(), (20_000, 29_999), rand()).await.unwrap();
    let ours = port.address;
    let negotiated = Negotiated {
        remote: Some(peer.local_addr().unwrap()),
        codec: Codec::Pcma,
        payload_type: 8,
        events: vec![96],
        send: true,
        receive: true,
    };
    (Media::start(port, negotiated, networks, SILENCE, [7; 10]), peer, ours)
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
    assert!(media.summary().starts_with("3 RTP packets heard, keys by RTP, "), "{}", media.summary());
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
    let elsewhere = Port::take("192.0.2.1".parse().unwrap(), range, 5).await;
    assert!(matches!(elsewhere, Err(PortError::Address(_))));
}
