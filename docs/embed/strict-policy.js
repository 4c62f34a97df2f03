// Says where the best result lies.
const output = document.querySelector("output");
document.querySelector("clip-rs-search").addEventListener("results", ({ detail: { items } }) => {
  const [best] = items.filter((item) => item.lng !== null);
  output.textContent = best ? `${best.lng.toFixed(4)}, ${best.lat.toFixed(4)}` : "no place";
});
