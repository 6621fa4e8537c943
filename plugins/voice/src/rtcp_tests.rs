//! Reports, against RFC 3550's own arithmetic and against the reader of the library.

use super::*;

const FRAME: u64 = 20;

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const SENT: Sent = Sent { ssrc: 7, timestamp: 1234, packets: 50, octets: 8000 };

fn report(reception: &mut Reception, now: Duration, goodbye: bool) -> Vec<u8> {
    write(SENT, reception, now, Duration::new(1_700_000_000, 500_000_000), goodbye).unwrap()
}

fn block(bytes: &[u8]) -> (u32, u8, u32, u32, u32) {
    let mut compound = Compound::parse(bytes).unwrap();
    let Some(Ok(Packet::Sr(sender))) = compound.next() else { panic!("no sender report first") };
    assert_eq!((sender.ssrc(), sender.rtp_timestamp()), (7, 1234));
    assert_eq!((sender.packet_count(), sender.octet_count()), (50, 8000));
    assert_eq!(sender.ntp_timestamp() >> 32, 1_700_000_000 + NTP_OFFSET);
    assert_eq!(sender.ntp_timestamp() as u32, 1 << 31, "half a second");
    let block = sender.report_blocks().next().expect("a block");
    (
        block.ssrc(),
        block.fraction_lost(),
        block.cumulative_lost(),
        block.extended_sequence_number(),
        block.interarrival_jitter(),
    )
}

#[test]
fn loss_is_counted_over_the_wrap_and_late_packets_are_not_lost() {
    let mut reception = Reception::default();
    for index in 0..100_u16 {
        // Every tenth is lost; the one after it overtakes the one before.
        let order = if index % 10 == 3 {
            index + 1
        } else if index % 10 == 4 {
            index - 1
        } else {
            index
        };
        if order % 10 != 0 {
            let sequence = 65_500_u16.wrapping_add(order);
            reception.heard(9, sequence, Some(u32::from(order) * 160), at(u64::from(order) * FRAME));
        }
    }
    assert_eq!(reception.lost(), 9, "the first was never expected");
    let (ssrc, fraction, lost, highest, _) = block(&report(&mut reception, at(2000), false));
    assert_eq!((ssrc, lost, highest), (9, 9, 65_500 + 99));
    assert_eq!(u32::from(fraction), 9 * 256 / 99);
    // The fraction is that since the last report; the count is that of all.
    reception.heard(9, 65_500_u16.wrapping_add(100), None, at(2000));
    let (_, fraction, lost, ..) = block(&report(&mut reception, at(4000), false));
    assert_eq!((fraction, lost), (0, 9));
}

#[test]
fn jitter_is_that_of_the_standard() {
    let mut reception = Reception::default();
    for index in 0..200_u64 {
        let late = if index % 2 == 0 { 0 } else { 8 };
        reception.heard(9, index as u16, Some(index as u32 * 160), at(index * FRAME + late));
    }
    // Each packet is 8 ms off the one before: J settles there.
    let settled = reception.jitter();
    assert!((at(7)..=at(8)).contains(&settled), "{settled:?}");
    reception.heard(9, 200, Some(5_000_000), at(4000));
    assert_eq!(reception.jitter(), settled, "a jump of the clock is no jitter");
    reception.heard(9, 201, None, at(9000));
    assert_eq!(reception.jitter(), settled, "nor is an event");
}

#[test]
fn another_sender_counts_anew_and_loses_no_loss() {
    let mut reception = Reception::default();
    reception.heard(9, 1, None, at(0));
    reception.heard(9, 5, None, at(20));
    reception.heard(10, 40_000, None, at(40));
    assert_eq!(reception.lost(), 3);
    let (ssrc, _, lost, highest, _) = block(&report(&mut reception, at(60), false));
    assert_eq!((ssrc, lost, highest), (10, 0, 40_000));
}

#[test]
fn reports_go_both_ways_and_end_with_goodbye() {
    let (mut here, mut there) = (Reception::default(), Reception::default());
    there.heard(7, 1, Some(160), at(0));
    there.heard(7, 4, Some(640), at(60));
    let theirs = Sent { ssrc: 9, ..SENT };
    let mut remote = Remote::default();
    here.heard(9, 1, None, at(0));
    let bytes = write(theirs, &mut there, at(80), Duration::new(5, 0), false).unwrap();
    assert!(read(&bytes, 7, &mut here, at(100), &mut remote));
    assert_eq!(remote, Remote { ours: Some((2, Duration::ZERO)), goodbye: false });
    assert_eq!(here.last_report, Some((((5 + NTP_OFFSET) << 16) as u32, at(100))));
    let bytes = report(&mut here, at(1100), true);
    assert!(read(&bytes, 1, &mut there, at(1100), &mut remote));
    assert!(remote.goodbye);
    let mut compound = Compound::parse(&bytes).unwrap();
    let Some(Ok(Packet::Sr(sender))) = compound.next() else { panic!("no sender report first") };
    let block = sender.report_blocks().next().unwrap();
    assert_eq!(block.delay_since_last_sender_report_timestamp(), 65_536, "one second");
}

#[test]
fn what_is_no_report_is_not_read() {
    let (mut reception, mut remote) = (Reception::default(), Remote::default());
    let good = report(&mut reception, at(0), true);
    for length in 0..good.len() {
        let whole = read(&good[..length], 7, &mut reception, at(0), &mut remote);
        assert!(!whole || !remote.goodbye, "{length}");
    }
    for bytes in [&b""[..], b"\x80", &[0x80, 200, 0xff, 0xff, 0, 0, 0, 9], &[0; 64], &[0xff; 64]] {
        assert!(!read(bytes, 7, &mut reception, at(0), &mut remote), "{bytes:?}");
    }
    assert_eq!(remote, Remote::default());
}

#[test]
fn reports_are_spread() {
    assert_eq!(interval(0, false), at(2500));
    assert!((at(7400)..at(7500)).contains(&interval(255, false)));
    assert_eq!(interval(128, true), at(2500));
}
