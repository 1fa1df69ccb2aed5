package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// collectMistakes wraps the mapper of each setting. Kong by itself would stop at the first value
// that it cannot parse, and print the values of secrets.
func (c *Config) collectMistakes(k *kong.Kong) error {
	for _, flag := range k.Model.Flags {
		if len(flag.Tag.Envs) > 0 {
			flag.Value.Mapper = &collector{config: c, name: flag.Tag.Envs[0], isBool: flag.IsBool(), inner: flag.Value.Mapper}
		}
	}
	return nil
}

// collector parses one setting and collects its text and its mistake.
type collector struct {
	config *Config
	name   string // of the variable
	isBool bool
	inner  kong.Mapper
	isFlag bool // the flag is on the command line
}

// IsBool reports whether the flag needs no value.
func (s *collector) IsBool() bool { return s.isBool }

// Decode parses a value. Its only error is that of a flag without a value.
func (s *collector) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token := ctx.Scan.Peek()
	text := token.String()
	switch {
	case s.isBool && token.Type != kong.FlagValueToken:
		text = "true"
	case !s.isBool && !token.IsValue():
		return s.inner.Decode(ctx, target)
	}
	mistake := s.parseValue(ctx, target, text)
	// Kong parses flags first, into temporary values. Then it parses the environment or the
	// default into the field itself, and flags override them.
	switch isField := target.Addr().UnsafePointer() == ctx.Value.Target.Addr().UnsafePointer(); {
	case isField && s.isFlag:
		return nil
	case !isField && s.isFlag && target.Kind() == reflect.Slice: // a repeated flag adds to the list
		text = s.config.texts[s.name] + "," + text
	case !isField:
		s.isFlag = true
	}
	s.config.texts[s.name] = text
	if mistake != nil {
		s.config.mistakes[s.name] = mistake
	}
	return nil
}

func (s *collector) parseValue(ctx *kong.DecodeContext, target reflect.Value, text string) error {
	if values := ctx.Value.Tag.Get("values"); values != "" && !slices.Contains(strings.Split(values, ","), text) {
		ctx.Scan.Pop()
		return fmt.Errorf("must be one of %s", strings.ReplaceAll(values, ",", ", "))
	}
	if err := s.inner.Decode(ctx, target); err != nil {
		return describeMistake(err, target.Type(), text)
	}
	return checkRange(target, ctx.Value.Tag.Get("min"), ctx.Value.Tag.Get("max"))
}

// describeMistake returns the error of a number or duration in the words of the settings, and any
// other error as it is. No number and no duration is secret.
func describeMistake(err error, kind reflect.Type, text string) error {
	_, notNumber := strconv.ParseFloat(text, 64)
	isDuration := kind == reflect.TypeFor[time.Duration]()
	switch isNumber := notNumber == nil; {
	case isDuration && isNumber:
		return fmt.Errorf("no unit: %q; write %ss", text, text)
	case isDuration:
		return fmt.Errorf("not a duration: %q; write a number and a unit, such as 90s or 15m", text)
	case kind.Kind() != reflect.Int && kind.Kind() != reflect.Int32 && kind.Kind() != reflect.Int64:
		return err
	case isNumber && !strings.Contains(text, "."):
		return fmt.Errorf("out of range: %q", text)
	}
	return fmt.Errorf("not a number: %q", text)
}

// checkRange returns an error if a number or duration is out of its range, of which an end may be "".
func checkRange(v reflect.Value, least, most string) error {
	switch {
	case least != "" && most != "":
		if n := v.Int(); n < parseBound(v, least) || n > parseBound(v, most) {
			return fmt.Errorf("must be from %s to %s", least, most)
		}
	case least != "" && v.Int() < parseBound(v, least):
		return fmt.Errorf("must be at least %s", least)
	}
	return nil
}

func parseBound(v reflect.Value, text string) int64 {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, _ := time.ParseDuration(text)
		return int64(d)
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
