//! `clip-rs model pull` against a small server that imitates a model hub, with its faults.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};

use crate::support::{command, said};

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the hub has and does.
#[derive(Default)]
struct Files {
    /// By path in the repository.
    content: BTreeMap<String, Vec<u8>>,
    /// Files whose announced hash is another.
    lying: Vec<String>,
    /// Close the connection half way, so many times.
    cuts: usize,
    /// Ask for a token.
    closed: bool,
    /// Requests for content from a byte on: file and byte.
    asked: Vec<(String, usize)>,
}

struct Hub {
    address: String,
    files: Arc<Mutex<Files>>,
}

impl Hub {
    /// Answers in the background for as long as the test runs.
    fn start(files: Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let files = Arc::new(Mutex::new(files));
        let shared = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that went away is no matter.
                let _ = stream.and_then(|stream| answer(stream, &shared));
            }
        });
        Self { address, files }
    }

    fn pull(&self, folder: &Path, name: &str, more: &[&str]) -> Output {
        let out = folder.join("package");
        command(["model", "pull", name, "--out", &out.to_string_lossy()].iter().chain(more))
            .env("HF_ENDPOINT", &self.address)
            .env("HF_HOME", folder.join("hub"))
            .env_remove("HF_TOKEN")
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .expect("the command starts")
    }
}

/// Answers one request: `GET /OWNER/REPOSITORY/resolve/REVISION/FILE` with a range.
fn answer(mut stream: TcpStream, files: &Mutex<Files>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let headers: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .map(|line| line.to_lowercase())
        .collect();
    let mut files = files.lock().expect("no test panicked");
    let path = request.split(' ').nth(1).unwrap_or_default();
    let name = path.splitn(6, '/').nth(5).unwrap_or_default().to_owned();
    let permitted = headers.iter().any(|line| line == "authorization: bearer secret");
    if files.closed && !permitted {
        return write!(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let Some(content) = files.content.get(&name).cloned() else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let range = headers.iter().find_map(|line| line.strip_prefix("range: bytes=")).unwrap_or("0-");
    let (first, last) = range.split_once('-').unwrap_or((range, ""));
    let first: usize = first.parse().unwrap_or(0);
    let end = last.parse().map_or(content.len(), |last: usize| (last + 1).min(content.len()));
    let mut hash: Vec<u8> = Sha256::digest(&content).to_vec();
    if files.lying.contains(&name) {
        hash.reverse();
    }
    let tag: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {first}-{}/{}\r\n\
         ETag: \"{tag}\"\r\nX-Repo-Commit: {REVISION}\r\nConnection: close\r\n\r\n",
        end - first,
        end.saturating_sub(1),
        content.len(),
    )?;
    let mut body = &content[first..end];
    if last.is_empty() {
        files.asked.push((name, first));
        if files.cuts > 0 && body.len() > 1000 {
            files.cuts -= 1;
            body = &body[..body.len() / 2];
        }
    }
    stream.write_all(body)
}

/// A state dict as the presets for them expect it: two layers, but all of CLIP's tokens.
fn state_dict() -> Vec<u8> {
    let mut tensors: BTreeMap<String, Tensor> = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        // The scale's logarithm is larger than a weight.
        let middle = if name == "logit_scale" { 3.0 } else { 0.0 };
        let values: Vec<f32> =
            (0..count).map(|i| middle + ((i * 7919 % 101) as f32 - 50.0) / 400.0).collect();
        let tensor =
            Tensor::from_vec(values, shape, &Device::Cpu).and_then(|tensor| tensor.to_dtype(DType::F16));
        tensors.insert(name.to_owned(), tensor.expect("a tensor"));
    };
    add("logit_scale", &[]);
    add("text_projection", &[64, 32]);
    add("positional_embedding", &[77, 64]);
    add("token_embedding.weight", &[49_408, 64]);
    add("visual.proj", &[64, 32]);
    add("visual.class_embedding", &[64]);
    add("visual.positional_embedding", &[5, 64]);
    add("visual.conv1.weight", &[64, 3, 16, 16]);
    for (tower, norms) in [("", &["ln_final"][..]), ("visual.", &["ln_pre", "ln_post"])] {
        let block = format!("{tower}transformer.resblocks.0");
        add(&format!("{block}.attn.in_proj_weight"), &[192, 64]);
        add(&format!("{block}.attn.in_proj_bias"), &[192]);
        add(&format!("{block}.attn.out_proj.weight"), &[64, 64]);
        add(&format!("{block}.attn.out_proj.bias"), &[64]);
        add(&format!("{block}.mlp.c_fc.weight"), &[96, 64]);
        add(&format!("{block}.mlp.c_fc.bias"), &[96]);
        add(&format!("{block}.mlp.c_proj.weight"), &[64, 96]);
        add(&format!("{block}.mlp.c_proj.bias"), &[64]);
        let within = [format!("{block}.ln_1"), format!("{block}.ln_2")];
        for norm in within.into_iter().chain(norms.iter().map(|norm| format!("{tower}{norm}"))) {
            add(&format!("{norm}.weight"), &[64]);
            add(&format!("{norm}.bias"), &[64]);
        }
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("x.safetensors");
    let tensors: std::collections::HashMap<_, _> = tensors.into_iter().collect();
    candle_core::safetensors::save(&tensors, &path).expect("written");
    fs::read(path).expect("written")
}

const FILE: &str = "RemoteCLIP-ViT-B-32.pt";
const NAME: &str = "remoteclip-vit-b-32";

fn with_state_dict() -> Files {
    Files { content: BTreeMap::from([(FILE.to_owned(), state_dict())]), ..Files::default() }
}

fn downloads(folder: &Path) -> Vec<PathBuf> {
    let blobs = folder.join("hub/hub/models--chendelong--RemoteCLIP/blobs");
    let entries = fs::read_dir(blobs).expect("the cache");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_none()).collect()
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(Files { cuts: 2, ..with_state_dict() });
    let output = hub.pull(folder.path(), NAME, &["--yes"]);
    let shown = said(&output);
    assert!(shown.contains("licence: see the model's page") && shown.contains(FILE), "{shown}");
    let length = state_dict().len();
    let asked: Vec<usize> =
        hub.files.lock().expect("no panic").asked.iter().map(|(_, first)| *first).collect();
    assert_eq!(asked, [0, length / 2, length - (length - length / 2).div_ceil(2)]);

    let config = fs::read_to_string(folder.path().join("package/model.json")).expect("a package");
    let hash: String = Sha256::digest(state_dict()).iter().map(|byte| format!("{byte:02x}")).collect();
    let provenance =
        format!("Fetched from chendelong/RemoteCLIP, revision {REVISION}: {FILE} (SHA-256 {hash})");
    assert!(config.contains(&provenance) && config.contains("\"activation\": \"gelu\""), "{config}");

    // A second time everything is there already.
    said(&hub.pull(folder.path(), NAME, &["--yes"]));
    assert_eq!(hub.files.lock().expect("no panic").asked.len(), 3);
}

#[test]
fn a_file_with_another_hash_than_announced_is_refused_and_removed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(Files { lying: vec![FILE.to_owned()], ..with_state_dict() });
    let output = hub.pull(folder.path(), NAME, &["--yes"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains(FILE) && errors.contains("the hub announced"), "{errors}");
    assert!(!folder.path().join("package").exists(), "no package was written");
    assert!(downloads(folder.path()).is_empty());
    // When the hub tells the truth again, it works.
    hub.files.lock().expect("no panic").lying.clear();
    said(&hub.pull(folder.path(), NAME, &["--yes"]));
}

#[test]
fn nothing_is_downloaded_unasked_and_what_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(with_state_dict());
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let errors = refused(hub.pull(folder.path(), NAME, &[]));
    assert!(errors.contains("give --yes to download"), "{errors}");
    let errors = refused(hub.pull(folder.path(), "no-such-model", &["--yes"]));
    assert!(errors.contains("no model is called \"no-such-model\"; there are mobileclip2-s0, "), "{errors}");
    let errors = refused(hub.pull(folder.path(), "georsclip-vit-b-32", &["--yes"]));
    assert!(errors.contains("Zilun/GeoRSCLIP has none of ckpt/RS5M_ViT-B-32.pt"), "{errors}");
    hub.files.lock().expect("no panic").closed = true;
    let errors = refused(hub.pull(folder.path(), NAME, &["--yes"]));
    assert!(errors.contains("the hub wants permission") && errors.contains("HF_TOKEN"), "{errors}");
    assert!(hub.files.lock().expect("no panic").asked.is_empty());
    let list = said(&command(["model", "pull", "--list"]).output().expect("the command starts"));
    assert!(list.contains("laion/CLIP-ViT-B-32-laion2B-s34B-b79K, about 606 MB, licence: MIT"), "{list}");
}
