//! The journeys of a policy as a picture: what is in it, that it can be read, and that nothing in a policy breaks it.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use readmit_policy::workbench::graph::{DrawError, Picture};
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::assurance::Level;
use readmit_recovery::rules::Rules;
use roxmltree::{Document, Node};

/// Letters of the text and of the title, in pixels.
const LETTER: f64 = 12.0;
const TITLE_LETTER: f64 = 18.0;

fn watched(files: &[(&str, &str)]) -> PolicySet {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let sources = Sources::from_files(files).expect("sources");
    PolicySet::watched(sources, Budget::default(), &Channels::default()).expect("a set")
}

fn shipped() -> PolicySet {
    let sources = Sources::shipped().expect("the shipped policy");
    PolicySet::watched(sources, Budget::default(), &Channels::default()).expect("a set")
}

fn picture(set: &PolicySet, realm: &str) -> Picture {
    let rules = Rules { assurance: Level::Aal1, ..Rules::default() };
    Picture::of(set, realm, &rules, 5000, &mut |_| ()).expect("a picture")
}

/// A policy with one of everything: nested plans, approvals, additions on the way, failures by how they failed.
fn everything() -> PolicySet {
    let text = "return {
      open = function(case)
        if case.reason == 'stolen' then return deny 'never' end
        if case.reason == 'damaged' then
          return prove { 'password', any(2, { 'email', all { 'voice', 'recovery_code' }, approvals(2) }) }
        end
        return prove { 'password', 'email' }
      end,
      proved = function(case, factor)
        if factor == 'email' and case.history.failed_24h > 5 then return prove { 'approval' } end
      end,
      failed = function(case, failure)
        if failure.disposition == 'invalid_number' or failure.disposition == 'busy' then
          return escalate { to = 'desk', because = 'no' }
        end
        if failure.count > 1 then return deny 'enough' end
        return retry { after = minutes(failure.count) }
      end,
      recovered = function(case)
        if #case.proven > 3 then return escalate { to = 'boss', because = 'look' } end
        return outcome { hold = hours(2) }
      end }";
    watched(&[("default.lua", text)])
}

/// Texts that mean something in one of the languages.
const HOSTILE: &str =
    "</text><script>alert(1)</script>\\\"'];}{%%{init: x}%%`<br/>]]>&amp;#59;--> end \u{202e}";

fn hostile() -> PolicySet {
    let literal = HOSTILE.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'");
    let text = format!(
        "return {{ open = function(case)
           if case.account.kind == \"<b>%%{{x}}%%#59;\" then return deny \"{literal}\" end
           return escalate {{ to = 'support', because = \"{literal}\" }}
         end }}"
    );
    watched(&[("default.lua", text.as_str())])
}

#[test]
fn the_shipped_policy_is_drawn_as_it_was() {
    let dot = picture(&shipped(), "default").dot();
    // The version is that of the text; the picture is of its meaning.
    let (_, body) = dot.split_once("  node [").expect("a head");
    let (_, wanted) = include_str!("drawing/default.dot").split_once("  node [").expect("a head");
    assert!(body == wanted, "tests/drawing/default.dot is not what is drawn now, which is:\n{dot}");
}

#[test]
fn the_same_policy_is_always_drawn_alike() {
    for set in [shipped(), everything()] {
        let draw = || {
            let picture = picture(&set, "default");
            (picture.svg(), picture.dot(), picture.mermaid())
        };
        assert_eq!(draw(), draw());
    }
}

#[test]
fn everything_that_a_policy_can_say_is_in_the_picture() {
    let picture = picture(&everything(), "default");
    let dot = picture.dot();
    for wanted in [
        "label=\"stolen\"",
        "label=\"Refused\\nnever\"",
        "Any 2 of:\\n- Link or code by e-mail; if it fails: again after 1 minute; after 2 failures: refused\\n- Phone call: \
         six digits on the keypad; if it fails: again after 1 minute; after 2 failures: refused; busy or invalid number: \
         desk, then Recovery code saved before",
        "\\n- Approval by 2 members of staff",
        "Goes to boss\\nlook",
        "waits 2 hours first, in which the owner can stop it",
        "asked for on the way: in all password, then email, then approval",
        "after password, email, voice and recovery_code",
    ] {
        assert!(dot.contains(wanted), "{wanted}\n{dot}");
    }
    let svg = picture.svg();
    let document = Document::parse(&svg).expect("XML");
    let desc = document.descendants().find(|node| node.has_tag_name("desc")).and_then(|node| node.text());
    let desc = desc.expect("a description");
    assert!(desc.contains("stolen: Refused: never."), "{desc}");
    assert!(desc.contains("any 2 of [Link or code by e-mail"), "{desc}");
}

#[test]
fn a_picture_says_whose_it_is_and_nothing_of_when() {
    let svg = picture(&shipped(), "sales").svg();
    let document = Document::parse(&svg).expect("XML");
    let title = document.descendants().find(|node| node.has_tag_name("title")).and_then(|node| node.text());
    assert_eq!(title, Some("How people get back in: realm sales"));
    assert!(svg.contains(&format!("default.lua, version {}", shipped().version())));
    assert!(svg.contains("prefers-color-scheme:dark") && svg.contains("role=\"img\""));
    assert!(!svg.contains("href") && !svg.contains("<script") && !svg.contains("url(h"));
}

#[test]
fn realms_are_drawn_by_their_own_policy() {
    let open = |verdict: &str| format!("return {{ open = function(case) return {verdict} end }}");
    let set = watched(&[("sales.lua", &open("deny 'closed'")), ("ops.lua", &open("prove { 'pass' }"))]);
    assert!(picture(&set, "sales").dot().contains("Refused\\nclosed"));
    assert!(picture(&set, "ops").dot().contains("Access pass from support"));
    let error = Picture::of(&set, "other", &Rules::default(), 10, &mut |_| ()).expect_err("no policy");
    assert!(matches!(error, DrawError::NoPolicy(realm) if realm == "other"));
    let error = Picture::of(&shipped(), "default", &Rules::default(), 5, &mut |_| ()).expect_err("too many");
    assert!(matches!(error, DrawError::Explore(_)));
}

/// A rectangle of a picture: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area([f64; 4]);

impl Area {
    fn of(node: Node<'_, '_>) -> Self {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(node, name));
        Self([x, y, x + width, y + height])
    }

    fn holds(self, other: Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        a <= e && b <= f && g <= c && h <= d
    }

    fn is_apart(self, other: Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        c <= e || g <= a || d <= f || h <= b
    }
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{node:?} has no {name}"))
}

/// The least that a text takes: half a letter each, a little over what is usual for slim typefaces.
fn text_area(node: Node<'_, '_>) -> Area {
    let text = node.text().unwrap_or_default();
    let (x, y, size) = (number(node, "x"), number(node, "y"), number(node, "font-size"));
    assert!([LETTER, TITLE_LETTER].contains(&size));
    let width = text.chars().count() as f64 * size * 0.55;
    Area([x, y - size * 0.75, x + width, y + size * 0.25])
}

#[test]
fn nothing_overlaps_and_nothing_runs_out_of_the_picture() {
    for set in [shipped(), everything(), hostile()] {
        let svg = picture(&set, "default").svg();
        let document = Document::parse(&svg).expect("XML");
        let root = document.root_element();
        let view = Area([0.0, 0.0, number(root, "width"), number(root, "height")]);
        let nodes = |name: &'static str| root.descendants().filter(move |node| node.has_tag_name(name));
        let boxes: Vec<(Area, &str)> =
            nodes("rect").map(|node| (Area::of(node), node.attribute("class").unwrap_or_default())).collect();
        assert!(boxes.len() > 5);
        for (at, (one, class)) in boxes.iter().enumerate() {
            assert!(view.holds(*one), "{one:?} is out of {view:?}");
            for (other, _) in boxes.iter().skip(at + 1) {
                assert!(one.is_apart(*other) || *class == "frame" && one.holds(*other), "{one:?} {other:?}");
            }
        }
        let texts: Vec<Area> = nodes("text").map(text_area).collect();
        for (at, text) in texts.iter().enumerate() {
            assert!(view.holds(*text), "{text:?} is out of {view:?}");
            assert!(
                boxes.iter().all(|(one, _)| one.holds(*text) || one.is_apart(*text)),
                "{text:?} crosses a box"
            );
            assert!(texts.iter().skip(at + 1).all(|other| text.is_apart(*other)), "{text:?} is written over");
        }
        for path in nodes("path").filter(|node| node.has_attribute("marker-end")) {
            let corners: Vec<(f64, f64)> = corners(path.attribute("d").unwrap_or_default());
            for pair in corners.windows(2) {
                let [(a, b), (c, d)] = [pair[0], pair[1]];
                let line = Area([a.min(c), b.min(d), a.max(c), b.max(d)]);
                assert!(view.holds(line), "{line:?} is out of {view:?}");
                // Arrows begin and end at boxes, and cross none but the frame that they are in.
                let crosses = |(one, class): &&(Area, &str)| {
                    !(one.is_apart(line) || *class == "frame" && one.holds(line))
                };
                assert_eq!(boxes.iter().find(crosses), None, "{line:?}");
            }
        }
    }
}

fn corners(path: &str) -> Vec<(f64, f64)> {
    let points = path.trim_start_matches('M').split('L');
    let point = |text: &str| {
        let (x, y) = text.split_once(' ').expect("two numbers");
        (x.parse().expect("a number"), y.parse().expect("a number"))
    };
    points.map(point).collect()
}

#[test]
fn hostile_texts_stay_texts_in_svg() {
    let svg = picture(&hostile(), "default").svg();
    let document = Document::parse(&svg).expect("XML");
    let names: BTreeSet<&str> =
        document.descendants().filter(Node::is_element).map(|node| node.tag_name().name()).collect();
    let known = ["svg", "title", "desc", "style", "defs", "marker", "path", "g", "rect", "text"]
        .into_iter()
        .collect();
    assert!(names.is_subset(&known), "{names:?}");
    assert!(document.descendants().flat_map(|node| node.attributes()).all(|it| !it.name().starts_with("on")));
    let shown: String = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .collect();
    assert!(shown.replace(' ', "").contains("<script>alert(1)</script>"), "{shown}");
    assert!(!svg.contains('\u{202e}'));
}

/// Reads what `dot` writes by its grammar: `digraph ID { statement; … }` with node, edge and attribute statements.
/// Says how many nodes and edges there are.
fn read_dot(text: &str) -> (usize, usize) {
    let words = dot_words(text);
    let mut words = words.iter().map(String::as_str).peekable();
    let expect = |wanted: &str, words: &mut std::iter::Peekable<_>| {
        let got: Option<&str> = Iterator::next(words);
        assert_eq!(got, Some(wanted));
    };
    expect("digraph", &mut words);
    assert!(words.next().is_some_and(is_dot_id));
    expect("{", &mut words);
    let (mut nodes, mut edges) = (BTreeSet::new(), 0);
    while let Some(word) = words.next() {
        if word == "}" {
            assert_eq!(words.next(), None, "nothing stands behind the graph");
            return (nodes.len(), edges);
        }
        assert!(is_dot_id(word), "{word}");
        if words.peek() == Some(&"->") {
            words.next();
            let to = words.next().unwrap_or_default();
            assert!(nodes.contains(word) && nodes.contains(to), "{word} -> {to}: arrows lead between boxes");
            edges += 1;
        } else {
            expect("[", &mut words);
            loop {
                assert!(words.next().is_some_and(is_dot_id));
                expect("=", &mut words);
                assert!(words.next().is_some_and(|value| is_dot_id(value) || value.starts_with('"')));
                match words.next() {
                    Some(",") => {}
                    Some("]") => break,
                    other => panic!("{other:?} in a list of attributes"),
                }
            }
            if !["graph", "node", "edge"].contains(&word) {
                assert!(nodes.insert(word.to_owned()), "{word} is there twice");
            }
        }
        expect(";", &mut words);
    }
    panic!("the graph does not end");
}

fn is_dot_id(word: &str) -> bool {
    let is_name = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name
        && !word.is_empty()
        && (!word.starts_with(|c: char| c.is_ascii_digit()) || word.parse::<u32>().is_ok())
}

fn dot_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => {
                let mut escaped = false;
                let close = rest.char_indices().skip(1).find(|(_, c)| {
                    let closes = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    closes
                });
                close.expect("a string ends").0 + 1
            }
            '-' => 2,
            c if c.is_ascii_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    words
}

#[test]
fn dot_is_what_graphviz_reads() {
    for set in [shipped(), everything(), hostile()] {
        let (nodes, edges) = read_dot(&picture(&set, "default").dot());
        // A tree.
        assert!(nodes > 3);
        assert_eq!(edges, nodes - 1);
    }
}

#[test]
fn mermaid_is_a_flowchart() {
    for set in [shipped(), everything(), hostile()] {
        let picture = picture(&set, "default");
        let text = picture.mermaid();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("flowchart LR"));
        assert!(lines.next().is_some_and(|line| line.starts_with("  accTitle: ")));
        assert!(lines.next().is_some_and(|line| line.starts_with("  accDescr: ")));
        let mut nodes = BTreeSet::new();
        let mut edges = 0;
        for line in lines {
            let line = line.trim_start();
            if let Some((from, to)) = line.split_once(" --> ") {
                assert!(nodes.contains(from) && nodes.contains(to), "{line}");
                edges += 1;
                continue;
            }
            let (id, label) = line.split_once(|c: char| !c.is_ascii_alphanumeric()).expect("a node");
            assert!(nodes.insert(id), "{id} is there twice");
            let shape = line[id.len()..].trim_matches(|c| "([{<>}])/\\".contains(c));
            let inner = shape.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).expect(label);
            let plain = inner.replace("<br/>", " ");
            let is_plain = |c: char| c.is_alphanumeric() || " ,.:-#;\u{fffd}…".contains(c);
            assert!(plain.chars().all(is_plain), "{line}");
            // A `#` begins an entity, and a `;` ends one.
            for entity in plain.split('#').skip(1) {
                let (number, _) = entity.split_once(';').expect("an entity ends");
                assert!(number.parse::<u32>().is_ok(), "{line}");
            }
        }
        assert_eq!(edges, nodes.len() - 1);
        assert_eq!(nodes.len(), read_dot(&picture.dot()).0);
    }
}
