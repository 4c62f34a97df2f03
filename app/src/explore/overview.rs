//! The overview of a large catalog: fetched when it is first looked at as a whole, and kept.

use std::rc::Rc;

use clip_rs_catalog::Overview;

use crate::cache::Cache;
use crate::engine::{Pages, files};
use crate::load::LoadError;
use crate::protocol::Failure;
use crate::serve::say;

/// Overviews by the names of their files; the last one is kept.
pub struct Overviews(Cache<Overview>);

impl Default for Overviews {
    fn default() -> Self {
        Self(Cache::new(0))
    }
}

impl Overviews {
    /// The overview in the file called `name`, which fits the cells of the catalog.
    pub async fn get(&self, pages: &Rc<Pages>, name: &str) -> Result<Rc<Overview>, Failure> {
        let file = pages.manifest().file(name).map_err(LoadError::from)?.clone();
        let pages = Rc::clone(pages);
        let fetch = async move || {
            let mut coming = files(&pages, &[("Overview of the map", &file.name)], |message| say(&message))?;
            let bytes = match coming.pop() {
                Some(coming) => coming.await?,
                None => Vec::new(),
            };
            Overview::from_bytes(&bytes).map_err(|error| LoadError::from(error.named(&file.name)))
        };
        Ok(self.0.get(name, 0, fetch).await?)
    }
}
