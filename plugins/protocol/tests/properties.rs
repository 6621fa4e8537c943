//! Whatever comes in: frames and messages are read the same, and nothing panics.

use proptest::prelude::*;
use readmit_plugin::frames::{Frame, Frames};
use readmit_plugin::wire::{Deliver, ErrorObject, Id, Message, parse_params};
use serde_json::{Map, Value};
use tokio::io::AsyncWriteExt;

fn frames_of(chunks: Vec<Vec<u8>>) -> Vec<Frame> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().unwrap_or_else(|error| unreachable!("{error}"));
    runtime.block_on(async {
        let (mut writer, reader) = tokio::io::duplex(64);
        let writing = tokio::spawn(async move {
            for chunk in chunks {
                let _reader_stays = writer.write_all(&chunk).await;
                let _reader_stays = writer.flush().await;
                tokio::task::yield_now().await;
            }
        });
        let mut frames = Frames::new(reader);
        let mut all = Vec::new();
        while let Ok(Some(frame)) = frames.next().await {
            all.push(frame);
        }
        drop(writing);
        all
    })
}

/// Bytes in which line ends and broken UTF-8 are common.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![4 => Just(b'a'), 2 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(b' '), 2 => any::<u8>()];
    prop::collection::vec(byte, 0..400)
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![any::<u64>().prop_map(Id::Number), "\\PC{0,20}".prop_map(Id::Text)]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,4}", inner, 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn params() -> impl Strategy<Value = Value> {
    value().prop_map(|value| if value.is_object() { value } else { Value::Null })
}

fn message() -> impl Strategy<Value = Message> {
    let failure =
        (any::<i64>(), any::<String>(), prop::option::of(value())).prop_map(|(code, message, data)| {
            // An absent `data` and a null one are the same to the reader.
            ErrorObject { code, message, data: data.filter(|data| !data.is_null()) }
        });
    prop_oneof![
        (id(), any::<String>(), params()).prop_map(|(id, method, params)| Message::Request {
            id,
            method,
            params
        }),
        (any::<String>(), params()).prop_map(|(method, params)| Message::Notification { method, params }),
        (id(), value()).prop_map(|(id, value)| Message::Response { id: Some(id), outcome: Ok(value) }),
        (prop::option::of(id()), failure)
            .prop_map(|(id, error)| Message::Response { id, outcome: Err(error) }),
    ]
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_how_the_bytes_arrive(input in input(), cuts in prop::collection::vec(1_usize..50, 0..20)) {
        let mut rest = input.as_slice();
        let mut chunks = Vec::new();
        for cut in cuts {
            let (chunk, tail) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk.to_vec());
            rest = tail;
        }
        chunks.push(rest.to_vec());
        prop_assert_eq!(frames_of(chunks), frames_of(vec![input]));
    }

    #[test]
    fn frames_are_the_lines(input in input()) {
        let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
        let half = lines.pop().is_some_and(|rest| !rest.is_empty());
        let told: Vec<&[u8]> = lines.into_iter().filter(|line| !line.iter().all(u8::is_ascii_whitespace)).collect();
        let frames = frames_of(vec![input.clone()]);
        prop_assert_eq!(frames.len(), told.len() + usize::from(half));
        for (frame, line) in frames.iter().zip(&told) {
            match frame {
                Frame::Line(text) => prop_assert_eq!(text.as_bytes(), *line),
                Frame::NotUtf8 => prop_assert!(std::str::from_utf8(line).is_err()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(half, frames.last() == Some(&Frame::Half));
    }

    #[test]
    fn every_message_reads_back_as_it_was_written(message in message()) {
        let line = message.to_line();
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(Message::parse(line.trim_end_matches('\n')), Ok(message));
    }

    #[test]
    fn no_line_makes_the_reader_panic(line in "[{}\\[\\]\":,a-z0-9 .\\\\-]{0,200}|\\PC{0,200}") {
        if let Err(error) = Message::parse(&line) {
            prop_assert!(!error.into_response().to_line().is_empty());
        }
    }

    #[test]
    fn no_params_make_the_reader_panic(params in value()) {
        prop_assert!(parse_params::<Deliver>(params).is_err());
    }
}
