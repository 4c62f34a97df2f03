//! Which module of a crate names which, read from its syntax: for the rule that modules do not go in circles.
//!
//! A module and what is inside it are one thing here: a path that leads to an ancestor or descendant counts for nothing,
//! and one that leads elsewhere counts for the two relatives that are neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

/// Segments from the root of the crate; empty for the root itself.
pub type Name = Vec<String>;

/// Re-exports that are followed at most, for they may go in circles, too.
const MOST_STEPS: usize = 16;

/// The modules of one target of a crate, without those of its tests.
#[derive(Default)]
pub struct Modules {
    modules: BTreeMap<Name, Module>,
}

/// What one module says.
#[derive(Default)]
struct Module {
    /// What `use` makes known here, by the name that it has here.
    uses: BTreeMap<String, Name>,
    /// All paths, as written.
    paths: BTreeSet<Name>,
    /// Modules inside it: with their items, or none where they have a file.
    inner: Vec<(String, Option<Vec<syn::Item>>)>,
}

impl Modules {
    /// Reads the file at the root of a target, and the files of all its modules.
    pub fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        modules.file(root, root.parent().expect("a folder"), Vec::new());
        modules
    }

    /// `folder` is where the files of the modules inside lie.
    fn file(&mut self, path: &Path, folder: &Path, name: Name) {
        let text = fs::read_to_string(path);
        let file = text.map_err(|error| error.to_string());
        let file = file.and_then(|text| syn::parse_file(&text).map_err(|error| error.to_string()));
        assert!(file.is_ok(), "{}: {:?}", path.display(), file.err());
        let Ok(file) = file else { return };
        self.items(&file.items, folder, name);
    }

    fn items(&mut self, items: &[syn::Item], folder: &Path, name: Name) {
        let mut module = Module::default();
        items.iter().for_each(|item| module.visit_item(item));
        let inner = std::mem::take(&mut module.inner);
        self.modules.insert(name.clone(), module);
        for (word, items) in inner {
            let inside = folder.join(&word);
            let name = [name.clone(), vec![word.clone()]].concat();
            match items {
                Some(items) => self.items(&items, &inside, name),
                None => {
                    let beside = folder.join(format!("{word}.rs"));
                    let path = if beside.is_file() { beside } else { inside.join("mod.rs") };
                    self.file(&path, &inside, name);
                }
            }
        }
    }

    /// The module that a path leads to from the module `from`; none where it leaves the crate.
    fn resolve(&self, from: &[String], path: &[String], steps: usize) -> Option<Name> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_vec(),
            "super" => from.split_last()?.1.to_vec(),
            _ => {
                rest = path;
                from.to_vec()
            }
        };
        let is_relative = rest.len() == path.len();
        for (number, word) in rest.iter().enumerate() {
            let inside = [at.clone(), vec![word.clone()]].concat();
            if self.modules.contains_key(&inside) {
                at = inside;
            } else if word == "super" {
                at.pop()?;
            } else if let Some(meant) = self.modules.get(&at).and_then(|module| module.uses.get(word))
                && steps < MOST_STEPS
            {
                let whole = [meant.as_slice(), &rest[number + 1..]].concat();
                return self.resolve(&at, &whole, steps + 1);
            } else {
                return (number > 0 || !is_relative).then_some(at);
            }
        }
        Some(at)
    }

    /// For each module those that it names, with a path of each by which it does.
    pub fn edges(&self) -> BTreeMap<Name, BTreeMap<Name, String>> {
        let mut edges: BTreeMap<Name, BTreeMap<Name, String>> = BTreeMap::new();
        for (from, module) in &self.modules {
            for path in &module.paths {
                let Some(to) = self.resolve(from, path, 0) else { continue };
                let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if shared < from.len() && shared < to.len() {
                    let (one, other) = (from[..=shared].to_vec(), to[..=shared].to_vec());
                    let told = format!("{} names {}", from.join("::"), path.join("::"));
                    edges.entry(one).or_default().entry(other).or_insert(told);
                }
            }
        }
        edges
    }

    /// The modules that go in circles: each set of those that lead to each other, with what leads where.
    pub fn circles(&self) -> Vec<(BTreeSet<Name>, Vec<String>)> {
        let edges = self.edges();
        let reached: BTreeMap<&Name, BTreeSet<Name>> =
            edges.keys().map(|from| (from, reached(&edges, from))).collect();
        let mut found: BTreeSet<BTreeSet<Name>> = BTreeSet::new();
        for from in edges.keys().filter(|from| reached[from].contains(*from)) {
            let leads_back = |to: &&Name| reached.get(to).is_some_and(|there| there.contains(from));
            found.insert(reached[from].iter().filter(leads_back).cloned().collect());
        }
        let told = |circle: BTreeSet<Name>| {
            let inside = |name: &Name| circle.contains(name);
            let ways = edges.iter().filter(|(from, _)| inside(from)).flat_map(|(_, to)| to);
            let ways = ways.filter(|(to, _)| inside(to)).map(|(_, told)| told.clone()).collect();
            (circle, ways)
        };
        found.into_iter().map(told).collect()
    }
}

/// All modules that one leads to, itself only if it is in a circle.
fn reached(edges: &BTreeMap<Name, BTreeMap<Name, String>>, from: &Name) -> BTreeSet<Name> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        for to in edges.get(name).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    reached
}

impl Module {
    /// Takes a tree of `use`; `before` leads to it.
    fn take(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.take(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(tree, before)),
            syn::UseTree::Glob(_) => {
                self.paths.insert(before.to_vec());
            }
            syn::UseTree::Name(name) => self.make_known(&name.ident, with(&name.ident), before),
            syn::UseTree::Rename(name) => self.make_known(&name.rename, with(&name.ident), before),
        }
    }

    fn make_known(&mut self, called: &syn::Ident, mut path: Name, before: &[String]) {
        let mut called = called.to_string();
        if path.last().is_some_and(|word| word == "self") {
            path.pop();
            called = before.last().cloned().unwrap_or(called);
        }
        // `use a::a` would lead to itself for ever.
        if path.first() != Some(&called) {
            self.uses.insert(called, path.clone());
        }
        self.paths.insert(path);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Mod(module) if is_of_tests(&module.attrs) => {}
            syn::Item::Mod(module) => {
                let items = module.content.as_ref().map(|(_, items)| items.clone());
                self.inner.push((module.ident.to_string(), items));
            }
            syn::Item::Use(used) if is_of_tests(&used.attrs) => {}
            syn::Item::Use(used) => self.take(&used.tree, &[]),
            other => visit::visit_item(self, other),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Name = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // A word alone is made known by a `use`, which was taken.
        if words.len() > 1 && path.leading_colon.is_none() {
            self.paths.insert(words);
        }
        visit::visit_path(self, path);
    }
}

fn is_of_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg")
            && list.is_ok_and(|list| {
                list.tokens.to_string().split(|c: char| !c.is_alphanumeric()).any(|w| w == "test")
            })
    })
}
