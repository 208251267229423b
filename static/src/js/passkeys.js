// Beside allauth's own script: shows the buttons that need a browser with passkeys, and says so when
// one could not be used.
const needed = ["passkey_login", "mfa_webauthn_authenticate", "mfa_webauthn_add"]

if (window.PublicKeyCredential) {
  for (const id of needed) document.getElementById(id)?.removeAttribute("hidden")
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault()
  document.getElementById("passkey-failed")?.removeAttribute("hidden")
})
