//! Names of the area's own streets: made up, and no real street is meant.

use clip_rs_stage::dice::Dice;

const FIRST: &[&str] = &[
    "Alder", "Amber", "Apple", "Badger", "Barley", "Beacon", "Birch", "Bluebell", "Bramble", "Brook",
    "Cedar", "Chestnut", "Clover", "Copper", "Cricket", "Dogwood", "Elder", "Falcon", "Fern", "Fox",
    "Garnet", "Ginger", "Hawthorn", "Hazel", "Heron", "Holly", "Honey", "Iris", "Ivy", "Juniper", "Kestrel",
    "Lantern", "Larch", "Laurel", "Linden", "Magnolia", "Maple", "Marigold", "Meadow", "Mill", "Mulberry",
    "Nettle", "Oak", "Orchard", "Otter", "Pear", "Pebble", "Plum", "Poplar", "Quarry", "Quill", "Raven",
    "Robin", "Rowan", "Saddle", "Sage", "Sorrel", "Sparrow", "Stone", "Sycamore", "Thistle", "Thyme",
    "Walnut", "Willow", "Wren", "Yarrow",
];
const SECOND: &[&str] =
    &["", "", "", "wood", "field", "ridge", " Hill", " Creek", " Run", "brook", " Grove", " Glen"];
const KIND: &[&str] = &["Street", "Lane", "Drive", "Road", "Court", "Avenue", "Way", "Place", "Terrace"];

/// A street's name.
pub fn name(dice: &mut Dice) -> String {
    let (first, second, kind) = (dice.pick(FIRST), dice.pick(SECOND), dice.pick(KIND));
    format!("{first}{second} {kind}")
}
