package frontend

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// templateFunctions format values as the app does, in src/ui/format.ts.
var templateFunctions = template.FuncMap{
	"money": formatMoney, "duration": formatDuration, "number": formatNumber, "compact": formatCompact, "count": formatCount,
	"level": formatLevel, "language": formatLanguage, "date": formatDate,
}

// Currencies in American English, as in the data of browsers (CLDR): their symbols, if they have one besides their
// code, and their decimals, if these are not two.
var (
	currencySymbols = map[string]string{
		"AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩",
		"MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$", "VND": "₫", "XAF": "FCFA", "XCD": "EC$", "XCG": "Cg.", "XOF": "F\u202fCFA", "XPF": "CFPF",
	}
	currencyDecimals = map[string]int{
		"AFN": 0, "ALL": 0, "BIF": 0, "CLP": 0, "COP": 0, "DJF": 0, "GNF": 0, "HUF": 0, "IDR": 0, "IQD": 0, "IRR": 0, "ISK": 0, "JPY": 0, "KMF": 0,
		"KPW": 0, "KRW": 0, "LAK": 0, "LBP": 0, "MGA": 0, "MMK": 0, "PKR": 0, "PYG": 0, "RWF": 0, "SLL": 0, "SOS": 0, "SYP": 0, "UGX": 0, "VND": 0,
		"VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "YER": 0,
		"BHD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	}
)

// formatMoney returns $1,234.50, ¥1,235 or CHF 1,234.50, and Free for nothing.
func formatMoney(p price) string {
	amount, _ := p.Amount.Float64()
	if amount == 0 {
		return "Free"
	}
	symbol, ok := currencySymbols[p.CurrencyCode]
	if !ok {
		symbol = p.CurrencyCode
	}
	if last, _ := utf8.DecodeLastRuneInString(symbol); unicode.IsLetter(last) || last == '.' {
		symbol += "\u00a0"
	}
	decimals, ok := currencyDecimals[p.CurrencyCode]
	if !ok {
		decimals = 2
	}
	if decimals == 0 {
		amount = math.Round(amount) // away from zero; strconv rounds to even
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(amount, 'f', decimals, 64), ".")
	n, _ := strconv.Atoi(whole)
	text := symbol + formatNumber(n)
	if decimals > 0 {
		text += "." + fraction
	}
	return text
}

// formatDuration returns 1h 5m, 12m or 45s.
func formatDuration(seconds int) string {
	hours, minutes := seconds/3600, seconds%3600/60
	switch {
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%dh", hours)
	case minutes > 0:
		return fmt.Sprintf("%dm", minutes)
	}
	return fmt.Sprintf("%ds", seconds)
}

// formatNumber returns a number with commas between thousands.
func formatNumber(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// formatCompact returns 999, 1.2K or 3M.
func formatCompact(n int) string {
	for _, unit := range []struct {
		size   float64
		suffix string
	}{{1e9, "B"}, {1e6, "M"}, {1e3, "K"}} {
		if rounded := math.Round(float64(n)/unit.size*10) / 10; rounded >= 1 {
			return strconv.FormatFloat(rounded, 'f', -1, 64) + unit.suffix
		}
	}
	return strconv.Itoa(n)
}

// formatCount returns 1 course or 2,000 courses.
func formatCount(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return formatNumber(n) + " " + noun
}

// formatLevel returns Beginner for BEGINNER.
func formatLevel(level string) string {
	if level == "" {
		return ""
	}
	return level[:1] + strings.ToLower(level[1:])
}

var languageNames = map[string]string{"en": "English", "de": "German", "es": "Spanish", "fr": "French", "pt": "Portuguese", "it": "Italian", "ja": "Japanese", "zh": "Chinese", "hi": "Hindi", "ar": "Arabic"}

// formatLanguage returns the name of a language, or its tag.
func formatLanguage(tag string) string {
	if name, ok := languageNames[tag]; ok {
		return name
	}
	return tag
}

func formatDate(t time.Time) string { return t.UTC().Format("Jan 2, 2006") }
