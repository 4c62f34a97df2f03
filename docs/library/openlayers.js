// The search in a site with a map by OpenLayers, which openlayers.html has loaded as `ol`. The library is the site's own copy, and
// the engine comes from the CLIP-RS page.
import { open, paintLayer } from "./clip-rs/clip-rs.js";
import { failed, loading, site } from "./shared.js";

const { fromLonLat, transformExtent } = ol.proj;
const box = ([west, south, east, north]) => transformExtent([west, south, east < west ? east + 360 : east, north], "EPSG:4326", "EPSG:3857");

async function start() {
  const area = await open("https://maps.example/catalog/", { assets: "https://maps.example/library/", onProgress: loading });
  const { bounds, attribution, tiles } = area.manifest;
  const source = new ol.source.XYZ({
    url: tiles.template,
    attributions: attribution,
    minZoom: tiles.minzoom,
    maxZoom: tiles.maxzoom,
    tileSize: tiles.tileSize,
  });
  const imagery = new ol.layer.Tile({ source, extent: box(bounds) });
  const controls = ol.control.defaults.defaults({ attributionOptions: { collapsible: false } });
  const view = new ol.View({ center: fromLonLat([0, 0]), zoom: 2 });
  const map = new ol.Map({ target: "map", layers: [imagery], view, controls });
  view.fit(box(bounds));

  let markers = [];
  let laid = null;
  const functions = {
    show(hits) {
      markers.forEach((marker) => map.removeOverlay(marker));
      markers = hits.map(({ lngLat, element }) => {
        return new ol.Overlay({ element, position: fromLonLat(lngLat), positioning: "center-center" });
      });
      markers.forEach((marker) => map.addOverlay(marker));
    },
    go: (bounds) => view.fit(box(bounds), { maxZoom: tiles.maxzoom - 1 }),
    lay(canvas, bounds) {
      const cells = new ol.source.ImageStatic({ url: canvas.toDataURL(), imageExtent: box(bounds), interpolate: false });
      laid = new ol.layer.Image({ source: cells, opacity: 0.7 });
      map.addLayer(laid);
    },
    lift() {
      if (laid) map.removeLayer(laid);
      laid = null;
    },
  };
  site({ area, map: functions, paintLayer });
}

start().catch(failed);
