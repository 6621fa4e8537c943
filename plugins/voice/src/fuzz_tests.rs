//! A short run of the fuzz targets' entry points: the corpus as it is, and mutations of it that are the same every
//! time. Toolchains without a fuzzer run this.

use std::fs;
use std::path::Path;

#[path = "../fuzz/entries.rs"]
mod entries;

/// How many mutations each seed gets.
const MUTATIONS: u32 = 200;

struct Chance(u32);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % below.max(1)
    }
}

/// Changes, drops, doubles or puts in a few octets, or a part of another seed.
fn mutate(seed: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    const ODD: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'\r', b' '];
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.next(4) {
        let at = chance.next(bytes.len());
        let end = (at + chance.next(8)).min(bytes.len());
        match chance.next(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.next(8),
            1 if at < bytes.len() => bytes[at] = ODD[chance.next(ODD.len())],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part.repeat(1 + chance.next(20)));
            }
            4 => bytes.truncate(at),
            _ => {
                let from = chance.next(other.len());
                bytes.splice(at..at, other[from..].iter().copied());
            }
        }
    }
    bytes
}

fn run(target: &str, entry: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(seeds.len() > 3, "{target} has seeds");
    let mut chance = Chance(20_261_201);
    for seed in &seeds {
        entry(seed);
        for _ in 0..MUTATIONS {
            let other = &seeds[chance.next(seeds.len())];
            entry(&mutate(seed, other, &mut chance));
        }
    }
}

#[test]
fn session_descriptions() {
    run("sdp", entries::sdp);
}

#[test]
fn packets_and_reports() {
    run("rtp", entries::rtp);
}

#[test]
fn keys() {
    run("dtmf", entries::dtmf);
}
