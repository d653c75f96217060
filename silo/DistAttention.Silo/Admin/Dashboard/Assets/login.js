// Says that the token was wrong, and takes it out of the address.
if (location.search === '?wrong') {
  document.getElementById('wrong').hidden = false;
  history.replaceState(null, '', '/login');
}
