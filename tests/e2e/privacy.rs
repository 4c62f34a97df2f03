//! A query stays in the browser: every request of every thread is looked at.

use anyhow::Result;

use crate::Visit;

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_page_asks_for_static_files_only_and_never_sends_the_query() -> Result<()> {
    let visit = Visit::ready("#q=zeppelin%20hangars")?;
    visit.page.wait_for_state("results empty")?;
    let before = visit.chromium.recorder().seen().len();
    visit.page.search("walrus colony")?;
    visit.page.click("[data-testid=like-button]")?;
    visit.page.wait_until("similar items are shown", "decodeURIComponent(location.hash).includes('like')")?;
    visit.page.wait_for_state("results")?;
    visit.page.eval::<serde_json::Value>("location.reload()").ok();
    visit.page.wait_for_state("results empty")?;
    let seen = visit.chromium.recorder().seen();
    assert!(seen.len() > before, "reloading asks for the page again");
    let own = format!("http://{}/", visit.site.address());
    for request in &seen {
        let all = format!("{} {}\n{}", request.method, request.url, request.headers).to_lowercase();
        for word in ["zeppelin", "hangar", "walrus", "colony"] {
            assert!(!all.contains(word), "the query leaves the browser: {all}");
        }
        if request.url.starts_with(&own) {
            assert!(["GET", "HEAD"].contains(&request.method.as_str()), "{} {}", request.method, request.url);
            assert!(!request.has_body, "{} carries a body", request.url);
            assert!(!request.url.contains('?'), "{} carries parameters", request.url);
        }
    }
    let files = seen.iter().filter(|request| request.url.starts_with(&own)).count();
    assert!(files > 10, "the log saw only {files} requests of the page");
    visit.expect_quiet_console();
    Ok(())
}
