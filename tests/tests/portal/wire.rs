//! The portal on the wire: requests that are no requests, or two; slow ones; too many.

use readmit_tests::{Web, World, patiently};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The status lines of all answers that came back.
fn statuses(answers: &str) -> Vec<u16> {
    let lines = answers.split("HTTP/1.").skip(1);
    lines.filter_map(|line| line.split(' ').nth(1)?.parse().ok()).collect()
}

/// Sends bytes; what comes back until the portal closes. `{host}` is the portal's.
async fn raw(web: &Web, host: &str, text: &str) -> String {
    web.raw(text.replace("{host}", host).as_bytes()).await
}

#[tokio::test]
async fn nothing_in_a_request_decides_where_links_lead() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let (web, host) = (Web::new(portal.url()), portal.address());
    for (request, status) in [
        ("GET /recover HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n", 200),
        (
            "GET /recover HTTP/1.1\r\nhost: {host}\r\nx-forwarded-host: evil.example\r\nx-forwarded-proto: https\r\nforwarded: host=evil.example\r\nconnection: close\r\n\r\n",
            200,
        ),
        ("GET http://evil.example/recover HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", 200),
        ("GET http://evil.example/recover HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n", 200),
        ("GET //evil.example/recover HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", 404),
        ("GET /recover HTTP/1.1\r\nhost: {host}@evil.example\r\nconnection: close\r\n\r\n", 200),
        ("GET /recover HTTP/1.0\r\n\r\n", 200),
        ("GET /recover HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET /recover HTTP/1.1\r\nhost: {host}\r\nhost: evil.example\r\nconnection: close\r\n\r\n", 400),
        ("CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", 405),
    ] {
        let answer = raw(&web, host, request).await;
        assert_eq!(statuses(&answer), [status], "{request}\n{answer}");
        assert!(!answer.contains("evil"), "{request}\n{answer}");
    }
}

#[tokio::test]
async fn a_request_within_a_request_is_not_answered() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let (web, host) = (Web::new(portal.url()), portal.address());
    let inner = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    for (head, body) in [
        ("content-length: 4\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        ("transfer-encoding: chunked\r\ncontent-length: 4", "0\r\n\r\n"),
        ("transfer-encoding: chunked, identity", "0\r\n\r\n"),
        ("transfer-encoding: xchunked", "0\r\n\r\n"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: identity", "0\r\n\r\n"),
        ("transfer-encoding : chunked", "0\r\n\r\n"),
        ("content-length: 0\r\ncontent-length: 5", ""),
        ("content-length: -1", ""),
        ("content-length: +0", ""),
        ("content-length: 0x0", ""),
        ("content-length: 0, 5", ""),
        ("content-length: 99999999999999999999", ""),
        ("x: a\r\n content-length: 5", ""),
        ("x: a\0b", ""),
        ("x\u{7f}: a", ""),
        (": a", ""),
    ] {
        let request = format!("POST /recover HTTP/1.1\r\nhost: {host}\r\n{head}\r\n\r\n{body}{inner}");
        let answer = raw(&web, host, &request).await;
        let statuses = statuses(&answer);
        assert!(statuses.len() <= 1 && !answer.contains("\"portal\""), "{head:?}: {answer}");
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{head:?}: {answer}");
    }
    // The same two requests, one after the other as they should be, are two.
    let request = format!("GET /nope HTTP/1.1\r\nhost: {host}\r\n\r\n{inner}");
    assert_eq!(statuses(&raw(&web, host, &request).await), [404, 200]);
}

#[tokio::test]
async fn a_header_has_its_limits() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("[connections]\nheader_bytes = 8192\nheader_lines = 20").await;
    let (web, host) = (Web::new(portal.url()), portal.address());
    let get = |path: &str, lines: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{lines}\r\n")
    };
    let cookies = |bytes: usize| format!("cookie: readmit-case={}\r\n", "x".repeat(bytes));
    let lines = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    for (request, status) in [
        (get("/case", &cookies(7000)), 404),
        (get("/case", &cookies(9000)), 431),
        (get("/recover", &lines(18)), 200),
        (get("/recover", &lines(19)), 431),
        (get(&format!("/{}", "x".repeat(7000)), ""), 404),
        (get(&format!("/{}", "x".repeat(9000)), ""), 431),
        (get("/recover", &format!("cookie: {}\r\n", "a=b; ".repeat(1000))), 200),
    ] {
        let answer = web.raw(request.as_bytes()).await;
        assert_eq!(statuses(&answer), [status], "{}", &request[..80]);
    }
}

#[tokio::test]
async fn only_assets_are_under_assets() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let (web, host) = (Web::new(portal.url()), portal.address());
    for path in [
        "/assets/../../../../etc/passwd",
        "/assets/abc/../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/abc/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/assets/abc/..%5c..%5cetc%5cpasswd",
        "/assets/abc/portal.css%00",
        "/assets//etc/passwd",
        "/assets/",
        "/../etc/passwd",
        "/languages/en/shell.ftl",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = web.raw(request.as_bytes()).await;
        assert_eq!(statuses(&answer), [404], "{path}");
        assert!(!answer.contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn who_sends_too_slowly_is_not_waited_for() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("[connections]\nheader_ms = 500\nrequest_ms = 500").await;
    let (web, host) = (Web::new(portal.url()), portal.address());
    // Each of these ends because the portal closes: nothing else would end it.
    for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n"] {
        assert!(!raw(&web, host, beginning).await.contains(" 200 "), "{beginning:?}");
    }
    let form = "POST /recover HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 20\r\n\r\nform";
    assert_eq!(statuses(&raw(&web, host, form).await), [408]);
    // A connection that is kept for the next request is not kept for long.
    let kept = raw(&web, host, "GET /nope HTTP/1.1\r\nhost: {host}\r\n\r\n").await;
    assert_eq!(statuses(&kept), [404]);
}

/// Whether the portal answers on this connection, or closes it.
async fn is_answered(mut stream: TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = patiently("an answer or an end", stream.read_to_end(&mut answer)).await;
    answer.starts_with(b"HTTP/1.1 200")
}

#[tokio::test]
async fn a_client_has_so_many_connections_and_a_trusted_proxy_more() {
    let world = World::builder().portal().start().await;
    let mut portal = world.portal("[connections]\nper_client = 2").await;
    let connect = || async { TcpStream::connect(portal.address()).await.unwrap() };
    let (first, second, third) = (connect().await, connect().await, connect().await);
    assert!(!is_answered(third).await);
    assert!(is_answered(first).await);
    let again = async { while !is_answered(connect().await).await {} };
    patiently("the place to be free again", again).await;
    drop(second);
    portal.stop().await;
    let portal = world.portal("trusted_proxies = [\"127.0.0.1\"]\n[connections]\nper_client = 1").await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(TcpStream::connect(portal.address()).await.unwrap());
    }
    for stream in held {
        assert!(is_answered(stream).await);
    }
}

#[tokio::test]
async fn when_all_places_are_taken_the_next_waits_and_is_not_lost() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("[connections]\ntotal = 1").await;
    let web = Web::new(portal.url());
    let first = TcpStream::connect(portal.address()).await.unwrap();
    let mut second = Box::pin(web.get("/healthz"));
    // The second is sent, and cannot be answered as long as the first one is there.
    let early = futures_util::future::select(&mut second, Box::pin(tokio::task::yield_now())).await;
    assert!(matches!(early, futures_util::future::Either::Right(_)));
    drop(early);
    drop(first);
    assert_eq!(second.await.status, 200);
}

#[tokio::test]
async fn a_portal_that_stops_lets_go_of_those_who_only_wait() {
    let world = World::builder().portal().start().await;
    let mut portal = world.portal("[connections]\nheader_ms = 3600000\nstop_ms = 3600000").await;
    let mut kept = TcpStream::connect(portal.address()).await.unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut begun = [0; 12];
    kept.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    assert!(portal.stop().await.success());
}
