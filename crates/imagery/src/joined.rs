//! Several sources as one.

use std::path::{Path, PathBuf};

use crate::{Entry, EntryId, ImageryError, Inventory, Source};

/// Sources one after the other. Of a tile that several have, the first source's is taken; pictures of one
/// name are told apart by their source.
pub(crate) struct Joined {
    sources: Vec<Box<dyn Source>>,
    /// A short name of each.
    names: Vec<String>,
    /// By handle: the source, and the place in its inventory.
    origins: Vec<(u32, u32)>,
    inventory: Inventory,
}

impl Joined {
    /// Joins sources, each with the path that was given for it.
    pub fn new(sources: Vec<(PathBuf, Box<dyn Source>)>) -> Self {
        let mut inventory = Inventory::default();
        let mut origins = Vec::new();
        let prefixes = prefixes(&sources);
        for (number, (prefix, (_, source))) in prefixes.iter().zip(&sources).enumerate() {
            let part = source.inventory();
            let within = |name: &str| format!("{prefix}/{name}");
            for (place, entry) in part.entries.iter().enumerate() {
                let mut entry = entry.clone();
                if let EntryId::Picture(name) = &entry.id {
                    entry.id = EntryId::Picture(within(name));
                }
                entry.handle = origins.len() as u64;
                origins.push((number as u32, place as u32));
                inventory.entries.push(entry);
            }
            for skipped in &part.skipped {
                inventory.skip(within(&skipped.subject), &skipped.why);
            }
            for (kind, unread) in &part.unread {
                let whole = inventory.unread.entry(kind.clone()).or_default();
                whole.count += unread.count;
                whole.first.extend(unread.first.iter().map(|name| within(name)));
                whole.first.truncate(crate::Unread::NAMED);
            }
            for (kind, count) in &part.kinds {
                *inventory.kinds.entry(kind.clone()).or_default() += count;
            }
            inventory.hidden += part.hidden;
            inventory.notes.extend(part.notes.iter().map(|note| format!("{prefix}: {note}")));
            join_about(&mut inventory, part);
        }
        let doubles = inventory.sort();
        if doubles > 0 {
            let note = format!("{doubles} tiles are in several sources: the first source's are taken");
            inventory.notes.push(note);
        }
        let sizes: Vec<u32> = sources.iter().filter_map(|(_, source)| source.inventory().tile_size).collect();
        inventory.tile_size = sizes.first().copied();
        if sizes.iter().any(|size| *size != sizes[0]) {
            inventory.notes.push(format!("the sources' tiles have several edges: {sizes:?} pixels"));
        }
        let sources = sources.into_iter().map(|(_, source)| source).collect();
        Self { sources, names: prefixes, origins, inventory }
    }
}

/// The first source that says something has the word; imagery is synthetic as soon as a part of it is.
fn join_about(inventory: &mut Inventory, part: &Inventory) {
    let (whole, part) = (&mut inventory.about, &part.about);
    whole.title = whole.title.take().or_else(|| part.title.clone());
    whole.licence = whole.licence.take().or_else(|| part.licence.clone());
    whole.addresses = whole.addresses.take().or_else(|| part.addresses.clone());
    whole.synthetic |= part.synthetic;
    if let Some(attribution) = &part.attribution {
        match &mut whole.attribution {
            Some(all) if all.contains(attribution.as_str()) => {}
            Some(all) => *all = format!("{all}; {attribution}"),
            none => *none = Some(attribution.clone()),
        }
    }
    if whole.examples.is_empty() {
        whole.examples.clone_from(&part.examples);
    }
}

/// A short name for each source, no two alike: its own, numbered from 2 where others have it too.
fn prefixes(sources: &[(PathBuf, Box<dyn Source>)]) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    for (path, _) in sources {
        let name = name_of(path);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !prefixes.contains(name));
        prefixes.push(free.unwrap_or(name));
    }
    prefixes
}

fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "source".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Source for Joined {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn origin(&self, entry: &Entry) -> Option<&str> {
        let (source, _) = self.origins.get(usize::try_from(entry.handle).ok()?)?;
        self.names.get(*source as usize).map(String::as_str)
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let origin = usize::try_from(entry.handle).ok().and_then(|handle| self.origins.get(handle));
        let own = origin.and_then(|(source, place)| {
            let source = self.sources.get(*source as usize)?;
            Some((source, source.inventory().entries.get(*place as usize)?))
        });
        match own {
            Some((source, entry)) => source.read(entry),
            None => Err(ImageryError::Request(format!("{} is in none of the sources", entry.id))),
        }
    }
}
