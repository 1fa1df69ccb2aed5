package frontend

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// templateFunctions format values as the app does, in src/ui/format.ts.
var templateFunctions = template.FuncMap{
	"money": formatMoney, "duration": formatDuration, "number": formatNumber, "compact": formatCompact, "count": formatCount,
	"level": formatLevel, "language": formatLanguage, "date": formatDate,
}

// currencySymbols are the symbols of currencies in American English; others have their code before a no-break space.
var currencySymbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}

func formatMoney(p price) string {
	amount, _ := p.Amount.Float64()
	if amount == 0 {
		return "Free"
	}
	symbol, ok := currencySymbols[p.CurrencyCode]
	if !ok {
		symbol = p.CurrencyCode + "\u00a0"
	}
	whole, cents, _ := strings.Cut(strconv.FormatFloat(amount, 'f', 2, 64), ".")
	n, _ := strconv.Atoi(whole)
	return symbol + formatNumber(n) + "." + cents
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
