//! WebSocket endpoints behind the HTTP proxy that the environment names: a real node is reached through a tunnel and no other
//! way, under a name that nobody resolves here. What a proxy refuses is said, and its credentials are not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::Output,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;
use support::{Home, node, without};

/// A proxy that makes tunnels to one node, whatever host is asked for, if it is told the right login.
struct Tunnels {
    /// Host and port.
    place: String,
    /// What was asked for: the whole request, and the first byte that came through the tunnel.
    asked: mpsc::Receiver<(String, Option<u8>)>,
}

/// `name:word`, as a proxy is told it.
const LOGIN: &str = "proxy-authorization: Basic bmFtZTp3b3Jk";

impl Tunnels {
    fn to(upstream: &str, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (tell, asked) = mpsc::channel();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, tell) = (upstream.clone(), tell.clone());
                thread::spawn(move || serve(client, &upstream, login, &tell));
            }
        });
        Self { place, asked }
    }

    fn heard(&self) -> Vec<(String, Option<u8>)> {
        // Whoever was served last may be telling still.
        std::iter::from_fn(|| self.asked.recv_timeout(Duration::from_millis(300)).ok()).collect()
    }
}

fn serve(
    mut client: TcpStream,
    upstream: &str,
    login: Option<&'static str>,
    tell: &mpsc::Sender<(String, Option<u8>)>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    if login.is_some_and(|login| !head.contains(login)) {
        let _ = tell.send((head, None));
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").ok();
    }
    let mut server = TcpStream::connect(upstream).unwrap();
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let mut first = [0];
    let came = client.read_exact(&mut first).is_ok();
    let _ = tell.send((head, came.then_some(first[0])));
    server.write_all(&first).ok()?;
    let (mut back, mut down) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut down);
        let _ = down.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both).ok()
}

/// Looks at `endpoint` in an environment of those variables alone.
fn status(home: &Home, endpoint: &str, variables: &[(&str, &str)]) -> (Value, Output) {
    let mut command = home.command(&["node", "status", "--rpc", endpoint, "--json", "-vv"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output)
}

fn is_reached(document: &Value) -> bool {
    document["endpoints"][0]["chain_id"].is_number()
}

/// What it said, all of it: the document, stderr and the log.
fn everything(home: &Home, output: &Output) -> String {
    let log = std::fs::read_to_string(home.path().join("daochain.log")).unwrap_or_default();
    [&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr), log.as_str()].concat()
}

#[test]
fn a_websocket_goes_through_the_proxy_of_the_environment() {
    if without("node") {
        return;
    }
    for kind in ["anvil", "geth"] {
        let (open, strict) = (Tunnels::to(&node(kind), None), Tunnels::to(&node(kind), Some(LOGIN)));
        let home = Home::new();
        let endpoint = "ws://node.invalid:8546/?key";
        let (open_url, login) = (format!("http://{}", open.place), format!("http://name:word@{}", strict.place));
        for (variables, proxy) in [
            (&[("HTTP_PROXY", open_url.as_str())][..], &open),
            (&[("http_proxy", &open.place)], &open),
            (&[("ALL_PROXY", &open_url)], &open),
            (&[("all_proxy", &login)], &strict),
            (&[("HTTP_PROXY", &login), ("no_proxy", "node.example, 10.0.0.0/8")], &strict),
        ] {
            let (document, output) = status(&home, endpoint, variables);
            assert!(is_reached(&document), "{variables:?}: {document}");
            assert_eq!(document["endpoints"][0]["url"], "ws://node.invalid:8546");
            let heard = proxy.heard();
            assert!(!heard.is_empty(), "{variables:?}");
            for (request, first) in heard {
                assert!(request.starts_with("CONNECT node.invalid:8546 HTTP/1.1\r\n"), "{request}");
                assert!(!request.contains("key") && first == Some(b'G'), "{request}");
            }
            let everything = everything(&home, &output);
            assert!(!everything.contains("word@") && !everything.contains("bmFtZTp3b3Jk"), "{everything}");
        }
    }
}

#[test]
fn who_is_left_out_and_this_machine_are_asked_without_a_proxy() {
    if without("node") {
        return;
    }
    let proxy = Tunnels::to(&node("anvil"), None);
    let url = format!("http://{}", proxy.place);
    let home = Home::new();
    let here = node("anvil").replace("http://", "ws://");
    let (document, _) = status(&home, &here, &[("ALL_PROXY", &url)]);
    assert!(is_reached(&document), "{document}");
    let away = "ws://node.invalid:8546";
    for variables in [
        &[("ALL_PROXY", url.as_str()), ("NO_PROXY", "node.invalid")][..],
        &[("HTTP_PROXY", &url), ("no_proxy", "*")],
        // That is the proxy for wss.
        &[("HTTPS_PROXY", &url)],
    ] {
        let (document, _) = status(&home, away, variables);
        assert!(!is_reached(&document), "{variables:?}: {document}");
    }
    assert_eq!(proxy.heard(), []);
}

#[test]
fn a_proxy_that_refuses_is_named_without_its_credentials() {
    if without("node") {
        return;
    }
    let strict = Tunnels::to(&node("anvil"), Some(LOGIN));
    let home = Home::new();
    let place = &strict.place;
    let wrong = format!("http://name:sesame@{place}");
    let nobody = "http://127.0.0.1:1".to_owned();
    for (proxy, words) in [
        (format!("http://{place}"), format!("the proxy `http://{place}` wants credentials (HTTP status 407)")),
        (wrong, format!("the proxy `http://{place}` wants other credentials (HTTP status 407)")),
        (nobody, "the proxy `http://127.0.0.1:1` cannot be reached: ".to_owned()),
        ("socks5://name:sesame@127.0.0.1:1".to_owned(), "goes through HTTP proxies alone".to_owned()),
    ] {
        let (document, output) = status(&home, "ws://node.invalid/key", &[("ALL_PROXY", &proxy)]);
        let said = document.to_string();
        assert!(said.contains(&words), "{proxy}: {said}");
        let everything = everything(&home, &output);
        assert!(!everything.contains("sesame") && !everything.contains("/key"), "{everything}");
    }
}

#[test]
fn a_proxy_sees_nothing_of_what_is_encrypted() {
    if without("node") {
        return;
    }
    let proxy = Tunnels::to(&node("anvil"), None);
    let home = Home::new();
    let url = format!("http://{}", proxy.place);
    let (document, _) = status(&home, "wss://node.invalid/key", &[("HTTPS_PROXY", &url)]);
    assert!(!is_reached(&document), "anvil speaks no TLS: {document}");
    let heard = proxy.heard();
    let (request, first) = heard.first().unwrap();
    assert!(request.starts_with("CONNECT node.invalid:443 HTTP/1.1\r\n"), "{request}");
    assert_eq!(*first, Some(0x16), "a TLS handshake begins");
}
