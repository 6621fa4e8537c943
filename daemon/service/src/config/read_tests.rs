//! Every key wrong once, every key right once, and nothing at all.

use super::*;
use crate::config::{Collector, Launch, Limit, Metrics, MetricsListen, Money, Problem, Tracing};

fn parse(text: &str) -> Result<Config, Report> {
    Config::parse(text, Path::new("readmit.toml"))
}

fn problems(text: &str) -> Vec<Problem> {
    parse(text).expect_err(text).problems
}

#[test]
fn an_empty_text_is_a_working_configuration() {
    assert_eq!(parse("").expect("empty"), Config::default());
    assert_eq!(parse("# nothing\n[bus]\n[store]\n[plugins]\n").expect("empty sections"), Config::default());
}

#[test]
fn every_key_says_what_it_says() {
    let config = parse(
        r#"
        [bus]
        address = "unix:path=/run/test/bus"
        admins = ["root", "1000"]
        [store]
        path = "/srv/readmit.db"
        key = "seal.key"
        [policy]
        directory = "/srv/policies"
        budget_ms = 50
        memory_mib = 8
        activation = "two_persons"
        require_tests = true
        tests_seconds = 30
        [assurance]
        level = "aal1"
        [organization]
        name = "Ada's Works"
        [case]
        open_hours = 2
        escalated_days = 3
        recovered_days = 4
        email_minutes = 1440
        contact_hours = 48
        voice_minutes = 5
        [support]
        email = "help@example.org"
        phone = "+14155550123"
        hours = "9 to 5"
        [sign_in]
        issuer = "https://recover.example.org/portal"
        audiences = ["payroll", "https://wiki.example.org"]
        [limits]
        open_per_account_per_hour = 1
        open_per_address_per_hour = 2
        open_per_minute = 3
        emails_per_account_per_hour = 4
        calls_per_number_per_15_minutes = 5
        calls_per_number_per_day = 6
        calls_per_account_per_day = 7
        calls_per_number_block_per_hour = 13
        calls_per_country_per_hour = 14
        calls_per_address_per_hour = 15
        calls_per_hour = 8
        tries_per_address_per_hour = 9
        codes_per_account_per_15_minutes = 10
        passwords_per_account_per_15_minutes = 12
        tickets_per_address_per_hour = 11
        [spend]
        per_day = "25.50"
        rates = ["+1 0.014", "+49 0.08"]
        [metrics]
        listen = "unix:/run/readmit/metrics.sock"
        group = "prometheus"
        [sandbox]
        mode = "require"
        [tracing]
        otlp = "unix:/run/otelcol/otlp.sock"
        percent = 5
        [plugins.voice]
        socket = "/run/readmit/voice.sock"
        [plugins.email]
        command = ["/usr/libexec/readmit/readmit-email", "--verbose"]
        channels = ["email", "sms"]
        sender = "no-reply@example.org"
        settings = { server = "mail.example.org", port = 0x24b, since = 2026-11-22, ratio = 0.5, tls = true, password_file = "smtp", list = ["a", 1] }
        "#,
    )
    .expect("a whole configuration");
    let minutes = |count: u64| Duration::from_secs(60 * count);
    assert_eq!(config.bus.address, BusAddress::At("unix:path=/run/test/bus".to_owned()));
    assert_eq!(config.bus.admins, [Admin::Name("root".to_owned()), Admin::Uid(1000)]);
    assert_eq!(
        config.store,
        Store { path: "/srv/readmit.db".into(), key: "seal.key".to_owned(), anchor: None }
    );
    assert_eq!(config.policy.directory, Path::new("/srv/policies"));
    assert_eq!((config.policy.budget, config.policy.memory), (Duration::from_millis(50), 8 * 1024 * 1024));
    assert_eq!(
        (config.policy.activation, config.policy.require_tests, config.policy.tests_for),
        (Activation::TwoPersons, true, Duration::from_secs(30))
    );
    assert_eq!((config.assurance, &*config.organization), (Level::Aal1, "Ada's Works"));
    let case = CaseTimes {
        open_for: minutes(2 * 60),
        escalated_for: minutes(3 * 24 * 60),
        recovered_for: minutes(4 * 24 * 60),
        email_code_for: minutes(1440),
        contact_code_for: minutes(48 * 60),
        code_for: minutes(5),
    };
    assert_eq!(config.case, case);
    assert_eq!(config.support.email.as_ref().map(EmailAddress::as_str), Some("help@example.org"));
    assert_eq!(config.support.phone.as_ref().map(PhoneNumber::as_str), Some("+14155550123"));
    assert_eq!(config.support.hours, "9 to 5");
    assert_eq!(config.sign_in.issuer, "https://recover.example.org/portal");
    assert_eq!(config.sign_in.audiences, ["payroll", "https://wiki.example.org"]);
    let limit = |max, count| Limit { max, window: minutes(count) };
    let limits = LimitRules {
        opens_per_account: limit(1, 60),
        opens_per_address: limit(2, 60),
        opens_total: limit(3, 1),
        emails_per_account: limit(4, 60),
        calls_per_number: limit(5, 15),
        calls_per_number_day: limit(6, 1440),
        calls_per_account_day: limit(7, 1440),
        calls_per_block: limit(13, 60),
        calls_per_country: limit(14, 60),
        calls_per_address: limit(15, 60),
        calls_total_hour: limit(8, 60),
        tries_per_address: limit(9, 60),
        verifies_per_account: limit(10, 15),
        passwords_per_account: limit(12, 15),
        tickets_per_address: limit(11, 60),
    };
    assert_eq!(config.limits, limits);
    assert_eq!(config.spend.per_day, Some(Money(25_500)));
    assert_eq!(config.spend.minute("+4930123456"), Money(80));
    let listen = MetricsListen::Unix("/run/readmit/metrics.sock".into());
    assert_eq!(config.metrics, Metrics { listen, group: Some("prometheus".to_owned()) });
    assert_eq!(config.sandbox, Sandboxing::Require);
    let otlp = Some(Collector::Unix("/run/otelcol/otlp.sock".into()));
    assert_eq!(config.tracing, Tracing { otlp, percent: 5 });
    // In the order of the file, because the first of a channel is preferred.
    let names: Vec<&str> = config.plugins.iter().map(|plugin| &*plugin.name).collect();
    assert_eq!(names, ["voice", "email"]);
    assert_eq!(config.plugins[0].launch, Launch::Socket("/run/readmit/voice.sock".into()));
    assert_eq!(config.plugins[0].settings, serde_json::json!({}));
    let email = &config.plugins[1];
    let command = ["/usr/libexec/readmit/readmit-email", "--verbose"].map(str::to_owned);
    assert_eq!(email.launch, Launch::Command(command.into()));
    assert_eq!(email.channels, ["email", "sms"]);
    assert_eq!(email.sender.as_ref().map(EmailAddress::as_str), Some("no-reply@example.org"));
    let settings = serde_json::json!({
        "server": "mail.example.org", "port": 587, "since": "2026-11-22", "ratio": 0.5, "tls": true,
        "password_file": "smtp", "list": ["a", 1],
    });
    assert_eq!(email.settings, settings);
}

/// Each: a section, a line in it, the key that is named, a part of the message, a part of the hint.
const WRONG: &[(&str, &str, &str, &str, &str)] = &[
    ("bus", "address = \"tcp:host=x\"", "bus.address", "no bus", "unix:path"),
    ("bus", "address = 7", "bus.address", "has to be a text, and is a whole number", "quotes"),
    ("bus", "admins = \"root\"", "bus.admins", "list of texts", "[\"one\""),
    ("bus", "admins = [\"ro ot\"]", "bus.admins", "no user name", "root"),
    ("bus", "admins = [\"4294967296\"]", "bus.admins", "no uid", "id(1)"),
    ("bus", "admin = []", "bus.admin", "unknown key", "did you mean `admins`?"),
    ("sandbox", "mode = \"maybe\"", "sandbox.mode", "no way to sandbox", "\"require\""),
    ("sandbox", "mod = \"off\"", "sandbox.mod", "unknown key", "did you mean `mode`?"),
    ("store", "path = \"readmit.db\"", "store.path", "relative path", "from / on"),
    ("store", "key = \"../key\"", "store.key", "no name of a credential", "store.key"),
    ("store", "key = \"\"", "store.key", "no name of a credential", "store.key"),
    ("store", "colour = 1", "store.colour", "unknown key", "the keys here are path, key"),
    ("policy", "directory = \"policies\"", "policy.directory", "relative path", "from / on"),
    ("policy", "budget_ms = 0", "policy.budget_ms", "out of range", "from 1 to 10000"),
    ("policy", "memory_mib = 1025", "policy.memory_mib", "out of range", "from 1 to 1024"),
    ("policy", "activation = \"root\"", "policy.activation", "nobody who could", "\"two_persons\""),
    (
        "policy",
        "require_tests = \"yes\"",
        "policy.require_tests",
        "true or false, and is a text",
        "without quotes",
    ),
    ("policy", "tests_seconds = 601", "policy.tests_seconds", "out of range", "from 1 to 600"),
    ("assurance", "level = \"aal3\"", "assurance.level", "no assurance level", "\"aal2\""),
    ("assurance", "levle = \"aal2\"", "assurance.levle", "unknown key", "did you mean `level`?"),
    ("organization", "name = \" \"", "organization.name", "is empty", "fill it in"),
    ("organization", "name = \"a\\nb\"", "organization.name", "control character", "one line"),
    ("case", "open_hour = 24", "case.open_hour", "unknown key", "did you mean `open_hours`?"),
    ("case", "open_hours = 0", "case.open_hours", "out of range", "from 1 to 336"),
    ("case", "open_hours = \"24\"", "case.open_hours", "has to be a whole number, and is a text", "from 1"),
    ("case", "escalated_days = 91", "case.escalated_days", "out of range", "from 1 to 90"),
    ("case", "recovered_days = 91", "case.recovered_days", "out of range", "from 1 to 90"),
    ("case", "email_minutes = 1441", "case.email_minutes", "out of range", "from 1 to 1440"),
    ("case", "contact_hours = 49", "case.contact_hours", "out of range", "from 1 to 48"),
    ("case", "voice_minutes = 11", "case.voice_minutes", "out of range", "from 1 to 10"),
    ("case", "voice_minutes = 1.5", "case.voice_minutes", "and is a fraction", "from 1 to 10"),
    ("support", "email = \"help\"", "support.email", "no e-mail address", "name@example.org"),
    ("support", "phone = \"555 0123\"", "support.phone", "no phone number", "E.164"),
    ("support", "hours = true", "support.hours", "has to be a text", "quotes"),
    ("sign_in", "issuer = \"http://recover.example.org\"", "sign_in.issuer", "no address", "https://"),
    ("sign_in", "issuer = \"http://localhost.example.org\"", "sign_in.issuer", "no address", "https://"),
    ("sign_in", "issuer = \"https:///x\"", "sign_in.issuer", "no address", "https://"),
    ("sign_in", "issuer = \"https://a.example/?b\"", "sign_in.issuer", "no address", "neither ? nor #"),
    ("sign_in", "issuer = \"https://a.example/#b\"", "sign_in.issuer", "no address", "neither ? nor #"),
    ("sign_in", "issuer = 7", "sign_in.issuer", "has to be a text", "quotes"),
    ("sign_in", "audiences = \"payroll\"", "sign_in.audiences", "list of texts", "[\"one\""),
    ("sign_in", "audiences = [\"\"]", "sign_in.audiences", "no name of an audience", "visible"),
    ("sign_in", "audiences = [\"pay roll\"]", "sign_in.audiences", "no name of an audience", "visible"),
    ("sign_in", "audiences = [\"payroll\"]", "sign_in.audiences", "no issuer", "https://"),
    ("sign_in", "audience = []", "sign_in.audience", "unknown key", "did you mean `audiences`?"),
    ("limits", "open_per_account_per_hour = 0", "limits.open_per_account_per_hour", "out of range", "from 1"),
    (
        "limits",
        "open_per_address_per_hour = -1",
        "limits.open_per_address_per_hour",
        "out of range",
        "from 1",
    ),
    ("limits", "open_per_minute = 1000001", "limits.open_per_minute", "out of range", "to 1000000"),
    ("limits", "emails_per_account_per_hour = 0", "limits.emails_per_account_per_hour", "out of range", ""),
    (
        "limits",
        "calls_per_number_per_15_minutes = 0",
        "limits.calls_per_number_per_15_minutes",
        "out of range",
        "",
    ),
    ("limits", "calls_per_number_per_day = 0", "limits.calls_per_number_per_day", "out of range", ""),
    ("limits", "calls_per_account_per_day = 0", "limits.calls_per_account_per_day", "out of range", ""),
    ("limits", "calls_per_hour = 0", "limits.calls_per_hour", "out of range", ""),
    ("limits", "tries_per_address_per_hour = 0", "limits.tries_per_address_per_hour", "out of range", ""),
    (
        "limits",
        "codes_per_account_per_15_minutes = 0",
        "limits.codes_per_account_per_15_minutes",
        "out of range",
        "",
    ),
    ("limits", "tickets_per_address_per_hour = 0", "limits.tickets_per_address_per_hour", "out of range", ""),
    ("spend", "per_day = \"25,00\"", "spend.per_day", "no amount", "\"25.00\""),
    ("spend", "per_day = 25", "spend.per_day", "has to be a text", "quotes"),
    ("spend", "per_day = \"25.00\"", "spend.per_day", "no rate says", "spend.rates"),
    (
        "spend",
        "rates = [\"+1 0.5\"]\nper_day = \"0.25\"",
        "spend.per_day",
        "less than one minute of the dearest call, 0.500",
        "raise it",
    ),
    ("spend", "rates = [\"49 0.08\"]", "spend.rates", "is no rate", "\"+49 0.08\""),
    ("spend", "rates = [\"+49\"]", "spend.rates", "is no rate", "\"+49 0.08\""),
    ("spend", "rates = \"+49 0.08\"", "spend.rates", "list of texts", "[\"one\""),
    ("metrics", "listen = \"0.0.0.0:9464\"", "metrics.listen", "open to the network", "\"127.0.0.1:9464\""),
    ("metrics", "listen = \"[2001:db8::1]:80\"", "metrics.listen", "open to the network", "127.0.0.1:80"),
    ("metrics", "listen = \"localhost:9464\"", "metrics.listen", "nowhere to listen", "\"systemd\""),
    ("metrics", "listen = \"unix:metrics.sock\"", "metrics.listen", "nowhere to listen", "unix:/run"),
    ("metrics", "listen = 9464", "metrics.listen", "has to be a text", "quotes"),
    ("metrics", "group = \"-g\"", "metrics.group", "no name of a group", "prometheus"),
    ("metrics", "lisen = \"off\"", "metrics.lisen", "unknown key", "did you mean `listen`?"),
    ("tracing", "otlp = \"http://192.0.2.7:4318\"", "tracing.otlp", "not on this machine", "unix:/run"),
    ("tracing", "otlp = \"grpc://127.0.0.1:4317\"", "tracing.otlp", "no collector", "\"off\""),
    ("tracing", "percent = 0", "tracing.percent", "out of range", "from 1 to 100"),
    ("plugins", "p = 1", "plugins.p", "has to be a section", "[plugins.p]"),
    ("plugins.p", "command = [\"a\"]", "plugins.p.command", "relative path", "from / on"),
    ("plugins.p", "command = []", "plugins.p.command", "is empty", "/path/to"),
    ("plugins.p", "command = \"/a\"", "plugins.p.command", "list of texts", "[\"one\""),
    (
        "plugins.p",
        "command = [\"/a\", \"smtp://u:p@h\"]",
        "plugins.p.command",
        "password in a URL",
        "password_file",
    ),
    ("plugins.p", "socket = \"a.sock\"", "plugins.p.socket", "relative path", "from / on"),
    ("plugins.p", "channels = []", "plugins.p", "neither `command` nor `socket`", "write `command`"),
    ("plugins.P", "command = [\"/a\"]", "plugins.P", "lower case", "rename"),
    (
        "plugins.p",
        "comand = [\"/a\"]\nsocket = \"/s\"",
        "plugins.p.comand",
        "unknown key",
        "did you mean `command`?",
    ),
    (
        "plugins.p",
        "socket = \"/s\"\nchannels = [\"E-Mail\"]",
        "plugins.p.channels",
        "no channel's name",
        "email",
    ),
    ("plugins.p", "socket = \"/s\"\nchannels = [\"a\", \"a\"]", "plugins.p.channels", "twice", "once"),
    ("plugins.p", "socket = \"/s\"\nsender = \"Ada\"", "plugins.p.sender", "no e-mail address", "name@"),
    ("plugins.p", "socket = \"/s\"\nsettings = 1", "plugins.p.settings", "has to be a section", "{"),
    ("plugins.p", "socket = \"/s\"\nsettings = { x = nan }", "plugins.p.settings.x", "no finite number", ""),
    (
        "plugins.p",
        "socket = \"/s\"\nsettings = { x = 9223372036854775808 }",
        "plugins.p.settings.x",
        "too large a number",
        "text",
    ),
];

#[test]
fn every_key_wrong_once_is_found_with_its_line_and_how_to_mend_it() {
    for (section, line, key, message, hint) in WRONG {
        let text = format!("# a comment\n\n[{section}]\n{line}\n");
        let problems = problems(&text);
        let found = problems.iter().find(|problem| problem.key == *key);
        let found = found.unwrap_or_else(|| panic!("{key} is not among {problems:?}"));
        assert!(found.message.contains(message), "{line}: {found}");
        assert!(found.hint.contains(hint), "{line}: {found}");
        assert_eq!(found.file, "readmit.toml");
        let about_section = found.key == *section;
        let wanted =
            3 + if about_section { 0 } else { 1 + line.lines().position(|l| mentions(l, key)).unwrap_or(0) };
        assert_eq!(found.line, wanted, "{line}: {found}");
    }
}

/// Whether this line is the one with the last part of the key, or of its parent for a setting.
fn mentions(line: &str, key: &str) -> bool {
    let settings = key.contains(".settings.");
    let name = if settings { "settings" } else { key.rsplit('.').next().unwrap_or_default() };
    line.starts_with(name)
}

#[test]
fn metrics_are_read_on_this_machine_only() {
    let listen =
        |word: &str| parse(&format!("[metrics]\nlisten = \"{word}\"\n")).map(|config| config.metrics.listen);
    assert_eq!(listen("systemd"), Ok(MetricsListen::Systemd));
    assert_eq!(listen("off"), Ok(MetricsListen::Off));
    for address in ["127.0.0.1:9464", "[::1]:9464", "127.1.2.3:0"] {
        assert_eq!(listen(address), Ok(MetricsListen::Tcp(address.parse().expect("an address"))));
    }
}

#[test]
fn both_ways_to_reach_a_plugin_are_one_too_many() {
    let problems = problems("[plugins.p]\ncommand = [\"/a\"]\nsocket = \"/s\"\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("both `command` and `socket`"), "{}", problems[0]);
}

#[test]
fn a_secret_in_the_settings_is_refused_wherever_it_is() {
    let refused = [
        "password = \"x\"",
        "smtp_password = \"x\"",
        "token = \"x\"",
        "auth_token = 7",
        "Secret = \"x\"",
        "client-secret = \"x\"",
        "api_key = \"x\"",
        "deep = { deeper = [ { password = \"x\" } ] }",
        "url = \"smtps://ada:hunter2@mail.example.org\"",
    ];
    for line in refused {
        let text = format!("[plugins.p]\nsocket = \"/s\"\n[plugins.p.settings]\n{line}\n");
        let problems = problems(&text);
        assert_eq!(problems.len(), 1, "{line}: {problems:?}");
        assert_eq!(problems[0].line, 4, "{line}");
        assert!(problems[0].hint.contains("_file`"), "{line}: {}", problems[0]);
        assert!(!problems[0].to_string().contains("hunter2"), "{}", problems[0]);
    }
    let allowed = [
        "password_file = \"/etc/readmit/smtp\"",
        "token_credential = \"x\"",
        "url = \"https://example.org/a:b@c\"",
        "tokens_per_second = 1",
    ];
    for line in allowed {
        let text = format!("[plugins.p]\nsocket = \"/s\"\n[plugins.p.settings]\n{line}\n");
        assert!(parse(&text).is_ok(), "{line}: {:?}", parse(&text));
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_in_order() {
    let text = "[cse]\nx = 1\n[case]\nopen_hour = 1\nvoice_minutes = 60\n[assurance]\nlevel = \"high\"\n";
    let report = parse(text).expect_err("wrong");
    let told: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "readmit.toml:1: cse: unknown key; did you mean `case`?",
            "readmit.toml:4: case.open_hour: unknown key; did you mean `open_hours`?",
            "readmit.toml:5: case.voice_minutes: is out of range; write a whole number from 1 to 10",
            "readmit.toml:7: assurance.level: is no assurance level; write \"aal2\", \"aal1\" or \"none\"",
        ]
    );
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    let second = serde_json::json!({
        "file": "readmit.toml", "line": 4, "key": "case.open_hour", "message": "unknown key",
        "hint": "did you mean `open_hours`?",
    });
    assert_eq!(json[1], second);
    assert_eq!(report.to_string(), told.join("\n"));
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    for (text, line) in
        [("[bus]\naddress = \n", 2), ("\n\n=\n", 3), ("[bus]\n[bus]\n", 2), ("a = 1\na = 2\n", 2)]
    {
        let problems = problems(text);
        assert_eq!(problems[0].line, line, "{text:?}: {problems:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_reported_like_any_problem() {
    let report = Config::check(Path::new("/nonexistent/readmit.toml"));
    assert_eq!(report.problems.len(), 1);
    assert!(report.to_string().starts_with("/nonexistent/readmit.toml: the file cannot be read"), "{report}");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("readmit.toml");
    std::fs::write(&path, "[case]\nopen_hours = 3\n").expect("written");
    assert!(Config::check(&path).is_ok());
    assert_eq!(Config::load(&path).expect("right").case.open_for, Duration::from_secs(3 * 3600));
    let mut long = "#".repeat(usize::try_from(crate::config::MAX_FILE).expect("fits"));
    std::fs::write(&path, &long).expect("written");
    assert!(Config::check(&path).is_ok(), "at the limit");
    long.push('#');
    std::fs::write(&path, &long).expect("written");
    assert!(Config::check(&path).to_string().contains("longer than"), "past the limit");
}
