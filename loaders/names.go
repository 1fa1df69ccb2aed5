package loaders

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/7p-education/api/edu"
)

// loaderNames returns the names of all loaders, by their index: those of the fields of Loaders.
var loaderNames = sync.OnceValue(func() []string {
	l := New(context.Background(), nil, edu.Viewer{}, time.Time{})
	names, fields := make([]string, len(l.registered)), reflect.ValueOf(l).Elem()
	for i := range fields.NumField() {
		field := fields.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		for n, registered := range l.registered {
			if fields.Field(i).Interface() == any(registered) {
				names[n] = field.Name
			}
		}
	}
	return names
})

// loaderName returns the name of the loader with an index.
func loaderName(index int) string { return loaderNames()[index] }
