// whenIdle calls back once the page has loaded and has nothing else to do.
export function whenIdle(act: () => void) {
  const later = () => ("requestIdleCallback" in window ? requestIdleCallback(act, { timeout: 2_000 }) : setTimeout(act, 200));
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
