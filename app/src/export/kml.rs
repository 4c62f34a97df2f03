//! Placemarks of KML (OGC 12-007r2, <https://docs.ogc.org/is/12-007r2/12-007r2.html>), as globes and maps open them.

use clip_rs_catalog::Bounds;
use clip_rs_catalog::geometry::{self, kml_text};

use super::{Cell, rounded, texts};
use crate::protocol::Hit;

/// KML 2.3 kept the name of 2.2, and nothing here is newer than that.
const BEGIN: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<kml xmlns="http://www.opengis.net/kml/2.2" version="2.3"><Document><name>CLIP-RS</name>"#,
    "\n"
);

/// Hits as a document of placemarks, best first. One whose place is not known has no geometry.
pub fn write(hits: &[Hit]) -> String {
    document((1..).zip(hits).map(|(rank, hit): (usize, &Hit)| {
        let (rank, mark) = (rank.to_string(), rounded(hit.similarity).to_string());
        let distance = hit.address_m.map(|distance| distance.to_string());
        let numbers = [("rank", Some(rank.as_str())), ("mark", Some(&mark)), ("id", Some(&hit.id))];
        let data = numbers.into_iter().chain(texts(hit)).chain([("address_m", distance.as_deref())]);
        placemark(&hit.id, data, hit.footprint)
    }))
}

/// Cells of a layer as placemarks.
pub fn write_cells(cells: &[Cell]) -> String {
    document(cells.iter().map(|Cell { bounds, mark }| {
        let mark = rounded(*mark).to_string();
        placemark(&mark, [("mark", Some(mark.as_str()))], Some(*bounds))
    }))
}

/// Items as placemarks, each with its id, what was said of it, and where it is.
pub fn write_labels<'a>(labels: impl Iterator<Item = (&'a str, &'a str, Option<Bounds>)>) -> String {
    document(
        labels.map(|(id, label, bounds)| placemark(id, [("id", Some(id)), ("label", Some(label))], bounds)),
    )
}

fn document(placemarks: impl Iterator<Item = String>) -> String {
    let mut text = BEGIN.to_owned();
    text.extend(placemarks);
    text + "</Document></kml>\n"
}

fn placemark<'a>(
    name: &str,
    data: impl IntoIterator<Item = (&'static str, Option<&'a str>)>,
    bounds: Option<Bounds>,
) -> String {
    let mut text = format!("<Placemark><name>{}</name><ExtendedData>", kml_text(name));
    for (name, value) in data.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
        text.push_str(&format!("<Data name=\"{name}\"><value>{}</value></Data>", kml_text(value)));
    }
    text.push_str("</ExtendedData>");
    text.push_str(&bounds.map(geometry::kml).unwrap_or_default());
    text + "</Placemark>\n"
}

#[cfg(test)]
mod tests {
    use super::super::examples::{hit, hits};
    use super::*;

    #[test]
    fn hits_are_placemarks_with_their_footprints() {
        let text = write(&hits());
        let marks: Vec<&str> = text.lines().filter(|line| line.starts_with("<Placemark>")).collect();
        assert_eq!(marks.len(), 4);
        assert!(marks[0].starts_with(
            "<Placemark><name>17/1/2</name><ExtendedData><Data name=\"rank\"><value>1</value></Data>\
             <Data name=\"mark\"><value>0.912</value></Data><Data name=\"id\"><value>17/1/2</value></Data>\
             <Data name=\"place\"><value>Leesburg, &quot;the&quot; Town</value></Data>"
        ));
        assert!(marks[0].ends_with(
            "</ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>\
             -77.5,38.5 -77.25,38.5 -77.25,38.75 -77.5,38.75 -77.5,38.5\
             </coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        ));
        assert!(marks[1].contains("<MultiGeometry><Polygon>") && marks[1].contains("179.5,-18 180,-18 "));
        assert!(marks[1].contains("-180,-18 -179.5,-18 -179.5,-17.5 -180,-17.5 -180,-18"));
        assert!(marks[2].contains("<Point><coordinates>10,50</coordinates></Point>"));
        assert!(marks[3].ends_with("</ExtendedData></Placemark>"), "no geometry: {}", marks[3]);
    }

    #[test]
    fn a_cell_is_a_placemark_with_its_mark() {
        let bounds = super::super::examples::bounds(1.0, 2.0, 3.0, 4.0).expect("a box");
        let text = write_cells(&[Cell { bounds, mark: -0.25 }]);
        assert!(
            text.contains("<name>-0.25</name>") && text.contains("<coordinates>1,2 3,2 3,4 1,4 1,2<"),
            "{text}"
        );
    }

    #[test]
    fn every_element_is_closed_whatever_an_item_is_called() {
        let nasty = hit("a<b>&\"c\"]]>\u{0}\u{8}\u{85}\u{fffe}\td\u{1f6f0}", None);
        let text = write(&[nasty]);
        assert!(text.contains("<name>a&lt;b&gt;&amp;&quot;c&quot;]]&gt; d\u{1f6f0}</name>"), "{text}");
        let mut open = Vec::new();
        for tag in text.split('<').skip(1).filter_map(|part| part.split('>').next()) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{text}"),
                None if tag.starts_with('?') => {}
                None => open.push(tag.split(' ').next().expect("a name")),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}
