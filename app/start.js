// Says so, in the page, when the page's program cannot start: no WebAssembly, a file that is missing or damaged.
export default function () {
  return {
    onFailure(reason) {
      const words = document.getElementById("boot-words");
      if (!words) return;
      document.body.dataset.state = "failed";
      words.setAttribute("data-testid", "error");
      words.textContent =
        typeof WebAssembly === "object"
          ? `The page's program could not be started (${reason}). Reload the page; if it does not help, tell who runs this site.`
          : "This browser cannot run WebAssembly, which the search engine is made of. Use a current version of Firefox, Chrome, Edge or Safari, or switch WebAssembly on.";
    },
  };
}
