//! What an item is: which tiles, windows and pictures are searched, and what is made for the map and the cards.
//!
//! | module | what it does |
//! |---|---|
//! | [`pyramid`] | the searched zoom, and which tiles are items |
//! | [`scale`], [`squares`] | ground resolutions become sizes of windows, and these lie on tiles |
//! | [`plan`] | all that is cut from a pyramid |
//! | [`tiles`], [`compose`] | tiles are read once, and windows put together from them |
//! | [`crops`] | squares of large pictures that are no tiles |
//! | [`overviews`], [`made`] | the map's shallower tiles, and what is made kept between runs |
//! | [`item`], [`look`], [`duplicates`] | what an item is, what it looks like in few bytes, and which look the same |

pub mod compose;
pub mod crops;
pub mod duplicates;
pub mod item;
pub mod look;
pub mod made;
pub mod overviews;
pub mod plan;
pub mod pyramid;
pub mod scale;
pub mod squares;
#[cfg(test)]
pub mod testing;
pub mod tiles;
