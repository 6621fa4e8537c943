//! Every key wrong once, every key right once, and nothing at all.

use std::time::Duration;

use super::super::{Listen, SaidIn, Trusted};
use super::*;

fn parse(text: &str) -> Result<Config, Report> {
    Config::parse(text, Path::new("portal.toml"))
}

fn told(text: &str) -> Vec<String> {
    let report = parse(text).expect_err(text);
    report.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_text_is_a_portal_for_this_machine() {
    assert_eq!(parse("").expect("empty"), Config::default());
    assert_eq!(parse("# nothing\n[limits]\n[branding]\n").expect("empty sections"), Config::default());
    assert!(!Config::default().exposes(&Listen::Tcp(([127, 0, 0, 1], 8080).into())));
}

#[test]
fn the_shipped_example_is_right_and_what_it_leaves_out_as_comments_too() {
    let example = include_str!("../../portal.toml");
    let config = parse(example).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.public_url, "https://recover.example.org");
    // `#key = value` is a key with its default or an example; `# words` is prose.
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    parse(&uncommented).unwrap_or_else(|report| panic!("{report}\n{uncommented}"));
}

#[test]
fn every_key_says_what_it_says() {
    let config = parse(
        r#"
        listen = ["[::]:8443", "unix:/run/readmit/portal.sock"]
        public_url = "https://Recover.example.org:443/"
        behind_proxy = true
        trusted_proxies = ["10.0.0.0/8", "2001:db8::1", "unix"]
        client_header = "Forwarded"
        organization = " Ada's Works "
        support = "help@example.org"
        bus = "unix:path=/run/test/bus"
        framed_by = ["https://intranet.example.org"]
        [socket]
        mode = "0600"
        owner = "readmit"
        group = "www-data"
        [tls]
        certificate = "/etc/portal.pem"
        key = "portal.key"
        [connections]
        total = 1
        per_client = 2
        header_ms = 3
        request_ms = 4
        stall_ms = 5
        stop_ms = 6
        header_bytes = 8192
        header_lines = 16
        [limits]
        pages_per_minute = 1
        forms_per_minute = 2
        at_once = 3
        [sign_in]
        built_in = false
        [branding]
        css = "/etc/brand.css"
        logo = "/etc/brand.svg"
        [languages]
        directory = "/etc/texts"
        [[clients]]
        id = "payroll"
        name = "Payroll"
        redirect_uris = ["https://pay.example.org/recovered"]
        "#,
    )
    .unwrap_or_else(|report| panic!("{report}"));
    let millis = Duration::from_millis;
    let network = |text: &str| text.parse().unwrap();
    let expected = Config {
        listen: vec![
            Listen::Tcp("[::]:8443".parse().unwrap()),
            Listen::Unix("/run/readmit/portal.sock".into()),
        ],
        socket: Socket { mode: 0o600, owner: Some("readmit".to_owned()), group: Some("www-data".to_owned()) },
        public_url: "https://recover.example.org".to_owned(),
        behind_proxy: true,
        trusted_proxies: Trusted {
            networks: vec![network("10.0.0.0/8"), network("2001:db8::1")],
            unix: true,
            said_in: SaidIn::Forwarded,
        },
        tls: Some(Tls { certificate: "/etc/portal.pem".into(), key: "portal.key".to_owned() }),
        connections: Connections {
            total: 1,
            per_client: 2,
            header: millis(3),
            request: millis(4),
            stall: millis(5),
            stop: millis(6),
            header_bytes: 8192,
            header_lines: 16,
        },
        limits: RateLimits { pages: 1, forms: 2, at_once: 3 },
        organization: "Ada's Works".to_owned(),
        support: "help@example.org".to_owned(),
        bus: "unix:path=/run/test/bus".to_owned(),
        framed_by: vec!["https://intranet.example.org".to_owned()],
        sign_in: SignIn { built_in: false },
        branding: Branding { css: Some("/etc/brand.css".into()), logo: Some("/etc/brand.svg".into()) },
        languages: Languages { directory: Some("/etc/texts".into()) },
        clients: config.clients.clone(),
    };
    assert_eq!(config, expected);
    let payroll = config.clients.find("payroll").expect("a client");
    let redirect = payroll.redirect("https://pay.example.org/recovered").expect("an address");
    assert_eq!((payroll.name.as_str(), redirect.origin()), ("Payroll", "https://pay.example.org"));
}

/// What is wrong, and where: each line is a text, and what is said of it after the file's name.
const WRONG: [(&str, &str); 54] = [
    ("listen = 8080", ":1: listen: has to be a list of texts, and is a whole number;"),
    ("listen = []", ":1: listen: is empty;"),
    ("listen = 'example.org:80'", ":1: listen: is no address to listen on;"),
    ("listen = ['127.0.0.1:80', 'unix:portal.sock']", ":1: listen: names a socket by a relative"),
    (
        "\nlisten = '0.0.0.0:80'\npublic_url = 'https://a.example'",
        ":2: listen: is open to the network without TLS",
    ),
    ("public_url = 1", ":1: public_url: has to be a text, and is a whole number;"),
    ("public_url = 'recover.example.org'", ":1: public_url: is no whole URL;"),
    ("public_url = 'https://a.example/b'", ":1: public_url: has a path"),
    ("public_url = 'http://a.example'", ":1: public_url: is reached without TLS"),
    ("insecure = 'yes'", ":1: insecure: has to be true or false, and is a text;"),
    ("behind_proxy = 1", ":1: behind_proxy: has to be true or false, and is a whole number;"),
    ("trusted_proxies = ['10.0.0.0/40']", ":1: trusted_proxies: holds \"10.0.0.0/40\""),
    ("client_header = 'x-real-ip'", ":1: client_header: is no header that is known here;"),
    ("organization = \"a\\nb\"", ":1: organization: holds a control character;"),
    ("support = [ 'a' ]", ":1: support: has to be a text, and is a list;"),
    ("bus = 'carrier pigeon'", ":1: bus: is no bus;"),
    ("framed_by = ['https://a.example/b']", ":1: framed_by: has a path"),
    ("framed_by = \"*\"", ":1: framed_by: is no whole URL"),
    ("[socket]\nmode = 0o660", ":2: socket.mode: has to be a text;"),
    ("[socket]\nmode = '0999'", ":2: socket.mode: is no mode of a file;"),
    ("[socket]\nowner = ''", ":2: socket.owner: is empty;"),
    ("[socket]\ngroup = 5", ":2: socket.group: has to be a text, and is a whole number;"),
    ("[tls]\nkey = 'a'", ":1: tls: has no `certificate`;"),
    ("[tls]\ncertificate = '/a'", ":1: tls: has no `key`;"),
    ("[tls]\ncertificate = 'a'\nkey = 'k'", ":2: tls.certificate: is a relative path;"),
    ("[tls]\ncertificate = '/a'\nkey = 'k/l'", ":3: tls.key: is a relative path;"),
    (
        "public_url = 'http://localhost'\n[tls]\nkey = '/k'\ncertificate = '/a'",
        ":1: public_url: does not say https",
    ),
    (
        "[connections]\ntotal = 0",
        ":2: connections.total: is out of range; write a whole number from 1 to 100000",
    ),
    ("[connections]\nper_client = -1", ":2: connections.per_client: is out of range;"),
    ("[connections]\nheader_ms = 0", ":2: connections.header_ms: is out of range;"),
    (
        "[connections]\nrequest_ms = 1.5",
        ":2: connections.request_ms: has to be a whole number, and is a fraction;",
    ),
    ("[connections]\nstall_ms = []", ":2: connections.stall_ms: has to be a whole number, and is a list;"),
    ("[connections]\nstop_ms = 3600001", ":2: connections.stop_ms: is out of range;"),
    ("[connections]\nheader_bytes = 8191", ":2: connections.header_bytes: is out of range;"),
    ("[connections]\nheader_lines = 257", ":2: connections.header_lines: is out of range;"),
    ("[limits]\npages_per_minute = 0", ":2: limits.pages_per_minute: is out of range;"),
    ("[limits]\nforms_per_minute = 1000001", ":2: limits.forms_per_minute: is out of range;"),
    ("[limits]\nat_once = true", ":2: limits.at_once: has to be a whole number, and is true or false;"),
    ("[sign_in]\nbuilt_in = 0", ":2: sign_in.built_in: has to be true or false, and is a whole number;"),
    ("[branding]\ncss = 'a.css'", ":2: branding.css: is a relative path;"),
    ("[branding]\nlogo = {}", ":2: branding.logo: has to be a text, and is a section;"),
    ("[languages]\ndirectory = 2026-11-22", ":2: languages.directory: has to be a text, and is a date;"),
    ("clients = 5", ":1: clients: has to be a list of sections; write [[clients]] above each"),
    ("[[clients]]\nid = 'a'\nname = 'A'", ":1: clients[0]: has no `redirect_uris`;"),
    ("[[clients]]\nid = 'a b'", ":2: clients[0].id: is no name that a client calls itself by;"),
    ("[[clients]]\nid = ''", ":2: clients[0].id: is no name that a client calls itself by;"),
    ("[[clients]]\nname = ' '", ":2: clients[0].name: is empty;"),
    ("[[clients]]\nredirect_uris = []", ":2: clients[0].redirect_uris: is empty, or too many;"),
    (
        "[[clients]]\nredirect_uris = ['http://a.example/']",
        ":2: clients[0].redirect_uris: holds \"http://a.example/\", which has to begin with https://",
    ),
    ("[[clients]]\nid = 'a'\n[[clients]]\nid = 'a'", ":4: clients[1].id: is another client's too;"),
    (
        "[[clients]]\ncolour = 1",
        ":2: clients[0].colour: unknown key; the keys here are id, name, redirect_uris",
    ),
    ("limits = 5", ":1: limits: has to be a section; write [limits] and its keys below"),
    ("pubilc_url = 'https://a.example'", ":1: pubilc_url: unknown key; did you mean `public_url`?"),
    ("[limits]\ncolour = 1", ":2: limits.colour: unknown key; the keys here are pages_per_minute, forms"),
];

#[test]
fn every_key_that_is_wrong_says_so_with_its_line_and_how_to_mend_it() {
    for (text, expected) in WRONG {
        let told = told(text);
        let expected = format!("portal.toml{expected}");
        assert!(told.iter().any(|problem| problem.starts_with(&expected)), "{text:?}: {told:#?}");
        assert!(told.iter().all(|problem| problem.contains("; ")), "{text:?} has no way out: {told:#?}");
    }
}

#[test]
fn every_key_is_in_the_table_of_wrong_ones() {
    let example = include_str!("../../portal.toml");
    let keys = example.lines().filter_map(|line| {
        let line = line.strip_prefix('#').unwrap_or(line);
        let key = line.split_once(" = ")?.0;
        (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then_some(key)
    });
    for key in keys {
        assert!(WRONG.iter().any(|(text, _)| text.contains(&format!("{key} = "))), "{key} is never wrong");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let told = told("listen = 1\nbus = 2\n[tls]\nkye = 3\n");
    // Both keys of [tls] that are not there, the one that is misspelt, and the URL that does not go with it.
    assert_eq!(told.len(), 6, "{told:#?}");
    let told = self::told("listen = \n");
    assert!(told[0].starts_with("portal.toml:1: ") && told[0].contains("no TOML"), "{told:?}");
}

#[test]
fn what_is_in_clear_has_to_be_asked_for() {
    for fine in [
        "insecure = true\npublic_url = 'http://portal.lan'\nlisten = '0.0.0.0:80'",
        "public_url = 'https://a.example'\nlisten = '127.0.0.1:80'",
        "public_url = 'https://a.example'\nlisten = 'unix:/run/portal'",
        "public_url = 'https://a.example'\nlisten = '0.0.0.0:80'\nbehind_proxy = true",
        "public_url = 'https://a.example'\nlisten = '0.0.0.0:443'\n[tls]\ncertificate = '/a'\nkey = 'b'",
    ] {
        parse(fine).unwrap_or_else(|report| panic!("{fine}: {report}"));
    }
}
