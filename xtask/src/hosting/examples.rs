//! Settings of hosts that one runs oneself, as examples. Those of nginx (1.22) and Caddy (2.6) were tried with the programs.

use anyhow::Result;
use serde_json::json;

use super::{ANCESTORS, ASK_EACH_TIME, CACHE, COMMON, FOR_EVER, OF_CATALOG, OF_SCRIPT, POLICY};

/// A content hash in an address, as a regular expression: of our own, or of trunk's, which leave leading zeros out.
const HASHED: &str = "[-.][0-9a-f]{15,16}([._/]|$)";

/// Names and texts of the examples. Nothing in them depends on a build.
pub fn all() -> Result<[(&'static str, String); 3]> {
    Ok([("nginx.conf", nginx()), ("Caddyfile", caddy()), ("cloudfront.json", cloudfront()?)])
}

/// A server of nginx 1.18 or newer.
fn nginx() -> String {
    let common: String =
        COMMON.iter().map(|(name, value)| format!("    add_header {name} \"{value}\" always;\n")).collect();
    format!(
        r#"# nginx: a file for conf.d. Written by `cargo xtask dist` (xtask/src/hosting.rs).
# Change the name and the root: the folder holds the page, and the catalog in catalog/.

map $uri $clip_rs_cache {{
    default "{ASK_EACH_TIME}";
    "~{HASHED}" "{FOR_EVER}";
}}

# The page carries the rest of its policy in itself.
map $uri $clip_rs_policy {{
    default "{OF_SCRIPT}";
    "~^/(index\.html)?$" "{ANCESTORS}";
    "~^/catalogs?/" "{OF_CATALOG}";
}}

server {{
    listen 80;
    server_name maps.example.org;
    root /srv/clip-rs;

    include mime.types;
    types {{
        application/manifest+json webmanifest;
    }}
    # The files that `dist` has compressed; those for brotli need the module brotli_static.
    gzip_static on;

{common}    add_header {POLICY} $clip_rs_policy always;
    add_header {CACHE} $clip_rs_cache;

    # What is not there is a 404, never the page: its addresses are relative.
    location = / {{
        try_files /index.html =404;
    }}
    location / {{
        try_files $uri =404;
    }}
}}
"#
    )
}

/// A site of Caddy 2.
fn caddy() -> String {
    let common: String = COMMON.iter().map(|(name, value)| format!("\t\t{name} \"{value}\"\n")).collect();
    format!(
        r#"# Caddy 2. Written by `cargo xtask dist` (xtask/src/hosting.rs).
# Change the name and the root: the folder holds the page, and the catalog in catalog/.

maps.example.org {{
	root * /srv/clip-rs

	header {{
{common}	}}

	# The page carries the rest of its policy in itself.
	@page path / /index.html
	header @page {POLICY} "{ANCESTORS}"
	@catalog path /catalog/* /catalogs/*
	header @catalog {POLICY} "{OF_CATALOG}"
	@others not path / /index.html /catalog/* /catalogs/*
	header @others {POLICY} "{OF_SCRIPT}"

	@hashed path_regexp {HASHED}
	header @hashed {CACHE} "{FOR_EVER}"
	@named not path_regexp {HASHED}
	header @named {CACHE} "{ASK_EACH_TIME}"

	# What is not there is a 404, never the page: its addresses are relative.
	file_server {{
		precompressed br gzip
	}}
	# A file that is missing today may be there tomorrow.
	handle_errors {{
		header Cache-Control no-store
		respond "Nothing is here." {{err.status_code}}
	}}
}}
"#
    )
}

/// A response headers policy of CloudFront
/// (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html>). It knows no
/// addresses, so it says what holds for all files; S3 keeps `Cache-Control` with each.
fn cloudfront() -> Result<String> {
    let own = ["X-Content-Type-Options", "Referrer-Policy"];
    let custom: Vec<_> = COMMON
        .iter()
        .filter(|(name, _)| !own.contains(name))
        .map(|(name, value)| json!({ "Header": name, "Value": value, "Override": true }))
        .collect();
    let policy = json!({
        "Name": "clip-rs",
        "Comment": "Written by `cargo xtask dist` (xtask/src/hosting.rs)",
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": { "ContentSecurityPolicy": ANCESTORS, "Override": true },
            "ContentTypeOptions": { "Override": true },
            "ReferrerPolicy": { "ReferrerPolicy": "no-referrer", "Override": true },
        },
        "CustomHeadersConfig": { "Quantity": custom.len(), "Items": custom },
    });
    Ok(serde_json::to_string_pretty(&policy)? + "\n")
}
