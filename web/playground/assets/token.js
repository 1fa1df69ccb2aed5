// The bearer token, stored in sessionStorage only, so that it ends with the browser tab.
const key = "7p:token";
const input = document.getElementById("token");
const clear = document.getElementById("token-clear");

function save() {
  // Users often paste the whole header instead of the token.
  const token = input.value.trim().replace(/^Bearer\s+/i, "");
  if (token) sessionStorage.setItem(key, token);
  else sessionStorage.removeItem(key);
  clear.hidden = !token;
}

input.value = sessionStorage.getItem(key) ?? "";
save();
input.addEventListener("input", save);
clear.addEventListener("click", () => {
  input.value = "";
  save();
  input.focus();
});
document.getElementById("token-form").addEventListener("submit", (event) => event.preventDefault());
