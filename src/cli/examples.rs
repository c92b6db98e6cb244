//! What stands at the end of each command's `--help`: lines to copy. A test holds them to the options
//! that there are.

pub(super) const INIT: &str = "\
Example:
  concur-cred init && \"${EDITOR:-vi}\" credentials.json && concur-cred login";

pub(super) const LOGIN: &str = "\
Examples:
  concur-cred login --base-url us2 --credentials acme.json --profile acme
  concur-cred login --grant app --profile batch
  concur-cred login --grant refresh --base-url us2
  concur-cred login --grant browser --base-url us2 --profile me";

pub(super) const KEY: &str = "\
Examples:
  concur-cred key show-source
  concur-cred key rotate
  concur-cred key set-source credential";

pub(super) const TOKEN: &str = "\
Example:
  token=$(concur-cred token --min-ttl 10m) || exit";

pub(super) const GET: &str = "\
Examples:
  token=$(concur-cred get) || exit
  concur-cred get --format curl | curl -fsS -K - \"$url\"
  vars=$(concur-cred get --format env) && eval \"$vars\"";

pub(super) const EXEC: &str = "\
Example:
  concur-cred exec --min-ttl 20m -- ./nightly.sh

CMD finds CONCUR_ACCESS_TOKEN, CONCUR_BASE_URL, CONCUR_COMPANY_UUID, CONCUR_TOKEN_EXPIRES_AT.";

pub(super) const API: &str = "\
Examples:
  concur-cred api \"/profile/identity/v4.1/Users?count=1\"
  concur-cred api GET /api/v3.0/expense/reports -f user=ALL -F limit=25
  concur-cred api POST /some/path --input receipt.pdf -H \"Content-Type: application/pdf\"";

pub(super) const STATUS: &str = "\
Examples:
  concur-cred status --check --warn 30d --crit 7d
  concur-cred status --json | jq -r '.profiles[] | select(.needs_login).profile'";

pub(super) const KEEPALIVE: &str = "\
Examples:
  concur-cred keepalive --install systemd
  concur-cred keepalive --install cron --print";

pub(super) const IMPORT: &str = "\
Examples:
  concur-cred import --dry-run && concur-cred import
  sops -d concur.enc.json | concur-cred import --base-url us2 -";

pub(super) const EXPORT: &str = "\
Example:
  concur-cred export --force refreshTokenObjectFile.json";

pub(super) const SET_SECRET: &str = "\
Examples:
  concur-cred set-secret
  pass show concur/client-secret | concur-cred set-secret --profile acme";

pub(super) const LOG: &str = "\
Example:
  concur-cred log -n 100 --json | jq 'select(.code)'";

pub(super) const DOCTOR: &str = "\
Examples:
  concur-cred doctor --repair
  concur-cred doctor --report report.txt";

pub(super) const CONFIGURE_GIT: &str = "\
Examples:
  concur-cred configure-git --print
  concur-cred configure-git && echo url=https://us2.api.concursolutions.com | git credential fill";

pub(super) const COMPLETIONS: &str = "\
Examples:
  source <(concur-cred completions bash)
  concur-cred completions fish >~/.config/fish/completions/concur-cred.fish";

pub(super) const STORE: &str = "\
Example:
  printf 'protocol=https\\nhost=git.example.org\\nusername=me\\npassword=%s\\n\\n' \\
      \"$password\" | concur-cred store";

pub(super) const ERASE: &str = "\
Example:
  printf 'protocol=https\\nhost=us2.api.concursolutions.com\\npassword=%s\\n\\n' \\
      \"$token\" | concur-cred erase";
