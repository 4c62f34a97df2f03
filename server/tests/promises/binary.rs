//! The real program on a real socket: start, log, limits and an orderly end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::site::Site;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; ended with the test, however that ends.
struct Running {
    process: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where the test has ended it already, which is just as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(site: &Site) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs-server"));
    command.arg("--catalog").arg(site.path("catalog")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Running {
    fn start(site: &Site, arguments: &[&str]) -> Self {
        let mut command = command(site);
        command.arg("--app").arg(site.path("app")).args(["--bind", "127.0.0.1:0"]).args(arguments);
        let mut process = command.spawn().expect("started");
        let mut line = String::new();
        let output = process.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address =
            line.trim().strip_prefix("CLIP-RS is at http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.expect("a line with the address").to_owned();
        Self { process, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream
    }

    /// Sends `request` and reads until the server closes the connection.
    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        // The server may refuse and close before all is sent.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(name).arg(self.process.id().to_string()).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for the end: whether it was in order, and what was logged.
    fn end(mut self) -> (bool, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.process.try_wait().expect("waited").is_none() {
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut log = String::new();
        self.process.stderr.take().expect("piped").read_to_string(&mut log).expect("text");
        (self.process.wait().expect("ended").success(), log)
    }
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
}

#[test]
fn it_says_where_it_is_and_answers_there() {
    let site = Site::new();
    let server = Running::start(&site, &[]);
    let page = server.ask(&request("/"));
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with(crate::site::PAGE), "{page}");
    let described = server.ask(&request("/catalog/tilejson.json"));
    assert!(
        described.contains("\"http://test/catalog/tiles-0123456789abcdef/{z}/{x}/{y}.jpg\""),
        "{described}"
    );
}

#[test]
fn what_is_no_good_request_gets_a_clean_refusal() {
    let site = Site::new();
    let server = Running::start(&site, &["--log-level", "off"]);
    let long = "a".repeat(100_000);
    let many: String = (0..200).map(|i| format!("X-{i}: 1\r\n")).collect();
    let bad = [
        ("400", "nonsense\r\n\r\n".to_owned()),
        ("400", "GET /../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned()),
        ("400", "GET /\\..\\secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned()),
        ("400", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        ("405", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned()),
        ("405", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned()),
        ("405", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc".to_owned()),
        ("413", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc".to_owned()),
        ("414", request(&format!("/{}", "a".repeat(9000)))),
        ("4", request(&format!("/{long}"))),
        ("431", format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n")),
        ("431", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")),
    ];
    for (status, request) in bad {
        let answer = server.ask(&request);
        let shown: String = request.chars().take(60).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown:?} got {answer:?}");
    }
    assert!(server.ask(&request("/healthz")).contains("\"ok\""), "and it goes on");
}

#[test]
fn the_sites_that_may_embed_are_given_as_several_words_or_one_list() {
    let site = Site::new();
    for words in
        [&["https://a.example", "http://b.example:81"][..], &["https://a.example,http://b.example:81"]]
    {
        let server = Running::start(&site, &[&["--embed-from"], words].concat());
        let page = server.ask(&request("/"));
        assert!(page.contains("frame-ancestors 'self' https://a.example http://b.example:81\r\n"), "{page}");
    }
}

/// Standard output of a server that listens at `bind`, from its start to its end.
#[cfg(unix)]
fn said_at(site: &Site, bind: &str, arguments: &[&str]) -> String {
    let mut command = command(site);
    let mut process = command.args(["--bind", bind]).args(arguments).spawn().expect("started");
    let mut output = BufReader::new(process.stdout.take().expect("piped"));
    let mut said = String::new();
    output.read_line(&mut said).expect("a line");
    let server = Running { process, address: String::new() };
    server.signal("-TERM");
    output.read_to_string(&mut said).expect("text");
    assert!(server.end().0, "{said}");
    said
}

#[cfg(unix)]
#[test]
fn who_lets_the_network_in_is_told_its_addresses_and_a_code_for_phones() {
    let site = Site::new();
    let said = said_at(&site, "0.0.0.0:0", &["--qr"]);
    let port =
        said.lines().next().and_then(|line| line.trim_end_matches('/').rsplit(':').next()).expect("a port");
    assert!(port.parse::<u16>().expect("a port") > 0, "{said}");
    let interfaces = if_addrs::get_if_addrs().expect("interfaces");
    let others = interfaces.iter().filter(|one| one.ip().is_ipv4() && !one.is_loopback());
    for other in others.clone() {
        assert!(said.contains(&format!("\nOn this network: http://{}:{port}/\n", other.ip())), "{said}");
    }
    assert_eq!(said.contains("█▀▀▀▀▀█"), others.count() > 0, "a code if there is a network: {said}");
    assert!(!said.contains('\x1b'), "no colours where no terminal is");
    assert!(!said_at(&site, "0.0.0.0:0", &[]).contains('█'), "no code in a log");
}

#[cfg(unix)]
#[test]
fn who_stays_on_this_computer_is_told_one_address_that_is_true() {
    let said = said_at(&Site::new(), "127.0.0.1:0", &["--qr"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("CLIP-RS is at http://127.0.0.1:") && !said.contains(":0/"), "{said}");
}

#[test]
fn many_connections_are_served_at_a_time() {
    let site = Site::new();
    let server = Running::start(&site, &["--log-level", "warn"]);
    let idle: Vec<TcpStream> = (0..300).map(|_| server.connect()).collect();
    for mut stream in idle {
        stream.write_all(request(crate::site::TILE).as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(&[0xff; 5000]));
    }
}

#[cfg(unix)]
#[test]
fn a_running_answer_is_finished_when_the_server_is_told_to_stop() {
    for signal in ["-TERM", "-INT"] {
        let site = Site::new();
        let large = vec![7; 30_000_000];
        site.write("catalog/large.0123456789abcdef.bin", &large);
        let server = Running::start(&site, &[]);
        let mut stream = server.connect();
        stream.write_all(request("/catalog/large.0123456789abcdef.bin").as_bytes()).expect("sent");
        let mut start = [0; 1000];
        stream.read_exact(&mut start).expect("it has begun");
        server.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
        assert!(TcpStream::connect(&server.address).is_err(), "{signal}: nothing new is taken");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("finished");
        assert!(start.len() + rest.len() > large.len() && rest.ends_with(&[7; 1000]), "{signal}");
        let (success, log) = server.end();
        assert!(success && log.contains("stopping"), "{signal}: {log}");
    }
}

#[cfg(unix)]
#[test]
fn the_log_is_structured_and_never_holds_a_query() {
    let site = Site::new();
    let server = Running::start(&site, &["--log-format", "json"]);
    server.ask(&request("/?q=confidential"));
    server.ask(&request("/catalog/missing.bin?confidential"));
    server.signal("-TERM");
    let (success, log) = server.end();
    assert!(success && !log.contains("confidential"), "{log}");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let asked = lines.iter().find(|line| line["path"] == "/").expect("logged");
    assert_eq!(asked["status"], 200);
    assert_eq!(asked["method"], "GET");
    assert_eq!(asked["bytes"], crate::site::PAGE.len());
    assert!(asked["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert!(lines.iter().any(|line| line["status"] == 404));
}

#[test]
fn it_does_not_start_with_what_cannot_work() {
    let site = Site::new();
    let fails = |command: &mut Command, expected: &str| {
        let output = command.output().expect("run");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{expected}: {said}");
        assert!(output.stdout.is_empty());
    };
    fails(command(&site).args(["--bind", "nonsense"]), "cannot listen on nonsense");
    fails(
        command(&site).args(["--embed-from", "maps.example.org"]),
        "--embed-from: \"maps.example.org\" is not",
    );
    fails(command(&site).args(["--embed-from", "https://a", "any"]), "`any` already allows every origin");
    fails(command(&site).arg("--app").arg(site.path("catalog")), "has no index.html");
    std::fs::remove_file(site.manifest_path()).expect("removed");
    fails(&mut command(&site), "has no catalog.json");
}

#[cfg(unix)]
#[test]
fn a_damaged_catalog_is_served_and_complained_about() {
    let site = Site::new();
    site.write("catalog/catalog.json", b"{");
    let server = Running::start(&site, &["--log-level", "error"]);
    assert!(
        server.ask(&request("/catalog/catalog.json")).starts_with("HTTP/1.1 200"),
        "the page says what is wrong"
    );
    assert!(server.ask(&request("/healthz")).starts_with("HTTP/1.1 503"));
    server.signal("-TERM");
    let (success, log) = server.end();
    assert!(
        success && log.contains("catalog.json: EOF while parsing") && log.contains("clip-rs verify"),
        "{log}"
    );
}
