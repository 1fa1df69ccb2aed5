package demo

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
)

var userColumns = []string{
	"id", "name", "email", "password_hash", "avatar_url", "role", "plan", "preferences", "active", "created_at", "last_login",
}

// preferences are the keys of users.preferences; what is left out has the
// server's default.
type preferences struct {
	Locale             string  `json:"locale,omitempty"`
	Theme              string  `json:"theme,omitempty"`
	EmailNotifications *bool   `json:"emailNotifications,omitempty"`
	PlaybackSpeed      float64 `json:"playbackSpeed,omitempty"`
}

var (
	locales = []string{"en-US", "en-US", "en-GB", "en-IN", "de-DE", "fr-FR", "es-ES", "es-MX", "pt-BR", "it-IT", "pl-PL", "tr-TR", "ja-JP", "ko-KR", "zh-CN", "ar-EG"}
	themes  = []string{"system", "light", "dark", "dark"}
	speeds  = []float64{0.75, 1, 1, 1, 1, 1.25, 1.25, 1.5, 1.5, 1.75, 2}
)

func (w *world) userRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		teaches := make([]bool, len(w.joined))
		for _, c := range w.courses {
			teaches[c.instructor] = true
		}
		for user := range w.joined {
			row := w.userRow(w.dice(streamUser, user), user, teaches[user])
			if user < len(accounts) {
				row = w.accountRow(user)
			}
			if !yield(row) {
				return
			}
		}
	}
}

func (w *world) userRow(r *rand.Rand, user int, teaches bool) []any {
	given, family := drawName(r)
	role, plan := "student", "free"
	switch {
	case teaches:
		role = "instructor"
	case chance(r, 0.0005):
		role = "admin"
	}
	if teaches || chance(r, 0.2) {
		plan = "premium"
	}
	var avatar any
	if teaches || chance(r, 0.7) {
		avatar = avatarURL(user)
	}
	active := teaches || !chance(r, 0.01)
	return []any{
		user + 1, given + " " + family, email(given, family, user), nil, avatar, role, plan,
		somePreferences(r), active, stamp(w.joined[user]), maybeStamp(w.lastLogin(r, user)),
	}
}

// accountRow is that of one of the three accounts.
func (w *world) accountRow(user int) []any {
	a := accounts[user]
	on := true
	prefs, _ := json.Marshal(preferences{"en-GB", "dark", &on, 1.25}) // Strings and numbers always marshal.
	return []any{
		user + 1, a.name, a.email, w.password, avatarURL(user), a.role, a.plan,
		string(prefs), true, stamp(w.joined[user]), stamp(w.now - 30*minute),
	}
}

func avatarURL(user int) string {
	return fmt.Sprintf("https://images.7p.example/avatars/%d.jpg", user+1)
}

// somePreferences are those of people who changed some, all or none.
func somePreferences(r *rand.Rand) string {
	var p preferences
	if chance(r, 0.8) {
		p.Locale = pick(r, locales)
	}
	if chance(r, 0.6) {
		p.Theme = pick(r, themes)
	}
	if chance(r, 0.5) {
		on := chance(r, 0.6)
		p.EmailNotifications = &on
	}
	if chance(r, 0.4) {
		p.PlaybackSpeed = pick(r, speeds)
	}
	text, _ := json.Marshal(p)
	return string(text)
}

// lastLogin is a little before a user's last activity; some who never did
// anything never signed in either.
func (w *world) lastLogin(r *rand.Rand, user int) int64 {
	var last int64
	for _, e := range w.history(user) {
		last = max(last, e.enrolled, e.accessed, e.reviewedAt)
	}
	if last == 0 && chance(r, 0.5) {
		return 0
	}
	return max(w.joined[user], last-r.Int64N(20*minute))
}

func drawName(r *rand.Rand) (given, family string) {
	from := pick(r, people)
	given = pick(r, from.given)
	if chance(r, 0.1) { // The world moves about.
		from = pick(r, people)
	}
	return given, pick(r, from.family)
}

// email is made of what of the name is Latin, and the id, which makes it unique.
func email(given, family string, user int) string {
	name := strings.Trim(latin(given)+"."+latin(family), ".")
	if name == "" {
		name = "learner"
	}
	host := [...]string{"mail.example", "post.example", "inbox.example", "campus.example"}[user%4]
	return fmt.Sprintf("%s.%d@%s", name, user+1, host)
}

var withoutMarks = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ă", "a", "ą", "a", "ā", "a", "æ", "ae", "ấ", "a", "ạ", "a",
	"ć", "c", "č", "c", "ç", "c", "đ", "d", "ð", "d", "é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ė", "e", "ế", "e", "ễ", "e",
	"ğ", "g", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ị", "i", "ł", "l", "ñ", "n", "ń", "n", "ň", "n", "ó", "o", "ò", "o", "ô", "o",
	"ö", "o", "õ", "o", "ø", "o", "ő", "o", "ř", "r", "ś", "s", "š", "s", "ş", "s", "ș", "s", "ß", "ss", "ť", "t", "ț", "t", "ú", "u",
	"ù", "u", "û", "u", "ü", "u", "ů", "u", "ű", "u", "ư", "u", "ý", "y", "ź", "z", "ż", "z", "ž", "z", "þ", "th",
)

// latin lowers a text and keeps its letters a to z and digits, without marks;
// what is between them becomes one hyphen.
func latin(text string) string {
	var b strings.Builder
	gap := false
	for _, c := range withoutMarks.Replace(strings.ToLower(text)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(c)
			gap = false
		case c != '\'' && c != '’':
			gap = true
		}
	}
	return b.String()
}
