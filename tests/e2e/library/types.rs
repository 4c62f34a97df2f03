//! The types that the library declares: what a host may write by them, and that they name what there is.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Host, repository};

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_declared_types_hold_for_a_host_and_name_what_the_module_exports() -> Result<()> {
    let root = repository();
    let output = Command::new("node")
        .arg(root.join("node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"])
        .args(["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom"])
        .arg(root.join("tests/e2e/library/host.ts"))
        .output()
        .context("running node: run these tests with `cargo xtask test`")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the types do not hold:\n{said}");
    let host = Host::with_area()?;
    let exported: Vec<String> = host.run("return Object.keys(library).sort()")?;
    assert_eq!(exported, ["ClipRsError", "open", "paintLayer"]);
    let area = "['search', 'encode', 'embed', 'items', 'item', 'layer', 'picture', 'close'].filter((name) => typeof area[name] !== 'function')";
    assert_eq!(host.run::<Vec<String>>(&format!("return {area}"))?, Vec::<String>::new());
    Ok(())
}
