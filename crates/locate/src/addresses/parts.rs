//! The words of an address out of columns or properties, under the names that OpenAddresses, counties (NENA's standard
//! among them), OpenStreetMap and map programs give them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::degrees::is_blank;
use crate::table::canonical;

/// What a column can hold of an address, in the order in which the words of a street follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Number,
    NumberSuffix,
    PreModifier,
    PreDirection,
    PreType,
    Street,
    PostType,
    PostDirection,
    Unit,
    City,
}

/// Names as [`canonical`] has them, best first; shapefiles cut theirs after ten characters.
const NAMES: [(Part, &[&str]); 11] = [
    (
        Part::Whole,
        &[
            "fulladdress",
            "fulladdr",
            "fulladdre",
            "siteaddress",
            "siteaddr",
            "siteaddres",
            "situsaddress",
            "situsaddr",
            "propertyaddress",
            "propaddr",
            "addressfull",
            "addrfull",
            "streetaddress",
            "address",
            "addr",
            "locaddress",
            "addressline1",
            "address1",
        ],
    ),
    (
        Part::Number,
        &[
            "number",
            "housenumber",
            "addnumber",
            "addrnum",
            "addrnumber",
            "addressnumber",
            "addrhousenumber",
            "streetnumber",
            "streetnum",
            "stnum",
            "stnumber",
            "housenum",
            "houseno",
            "hno",
        ],
    ),
    (Part::NumberSuffix, &["addnumsuf", "addrsuffix", "addrnumsuf", "numsuf"]),
    (Part::PreModifier, &["stpremod", "premod"]),
    (Part::PreDirection, &["stpredir", "predir", "predirection", "streetpredir", "dirpre"]),
    (Part::PreType, &["stpretyp", "stpretype", "pretype"]),
    (
        Part::Street,
        &[
            "street",
            "fullstreet",
            "stfullname",
            "fullname",
            "streetfull",
            "streetname",
            "stname",
            "strname",
            "roadname",
            "addrstreet",
        ],
    ),
    (Part::PostType, &["stpostyp", "stposttyp", "stposttype", "sttype", "streettype", "posttype", "strtype"]),
    (Part::PostDirection, &["stposdir", "stpostdir", "postdir", "sufdir", "sufdirection", "dirsuf"]),
    (Part::Unit, &["unit", "unitnumber", "unitnum", "unitno", "addrunit", "apt", "suite"]),
    (
        Part::City,
        &[
            "city",
            "addrcity",
            "municipality",
            "postcity",
            "postalcity",
            "postcomm",
            "incmuni",
            "town",
            "placename",
            "mailcity",
        ],
    ),
];

static BY_NAME: LazyLock<HashMap<&str, (Part, usize)>> = LazyLock::new(|| {
    let ranked = |(part, names): &(Part, &'static [&'static str])| {
        let part = *part;
        names.iter().enumerate().map(move |(rank, name)| (*name, (part, rank))).collect::<Vec<_>>()
    };
    NAMES.iter().flat_map(ranked).collect()
});

/// What a column or property of this name holds, and how good its name is, 0 the best.
pub(super) fn part_of(title: &str) -> Option<(Part, usize)> {
    BY_NAME.get(canonical(title).as_str()).copied()
}

/// The parts of one address.
#[derive(Debug, Default)]
pub(super) struct Parts {
    texts: [Option<(usize, String)>; NAMES.len()],
}

impl Parts {
    /// Keeps a part, unless it is empty or a column with a better name has given it.
    pub(super) fn set(&mut self, part: Part, rank: usize, text: &str) {
        let text = text.trim();
        let Some(kept) = self.texts.get_mut(part as usize) else { return };
        if !is_blank(text) && kept.as_ref().is_none_or(|(better, _)| rank < *better) {
            *kept = Some((rank, text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }

    fn get(&self, part: Part) -> Option<&str> {
        self.texts.get(part as usize)?.as_ref().map(|(_, text)| text.as_str())
    }

    /// The address as people write it: `12 Oak Lane, Unit 3, Leesburg`; none without a street.
    pub(super) fn address(&self) -> Option<String> {
        // A column called address that holds the number only is one in some counties.
        let whole = self.get(Part::Whole).filter(|text| text.chars().any(char::is_alphabetic));
        let mut address = match whole {
            Some(whole) => whole.to_owned(),
            None => self.number_and_street()?,
        };
        let unit = self.get(Part::Unit).filter(|_| whole.is_none());
        for more in [unit, self.get(Part::City)].into_iter().flatten() {
            if !address.to_lowercase().contains(&more.to_lowercase()) || Some(more) == unit {
                address = format!("{address}, {more}");
            }
        }
        Some(address)
    }

    fn number_and_street(&self) -> Option<String> {
        self.get(Part::Street)?;
        let words = [
            Part::Number,
            Part::NumberSuffix,
            Part::PreModifier,
            Part::PreDirection,
            Part::PreType,
            Part::Street,
            Part::PostType,
            Part::PostDirection,
        ];
        Some(words.into_iter().filter_map(|part| self.get(part)).collect::<Vec<_>>().join(" "))
    }
}
