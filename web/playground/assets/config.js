// The configuration that the server writes into the page.
export const config = JSON.parse(document.getElementById("config").textContent);
