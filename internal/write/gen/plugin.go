package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

// plugin makes one function for each object type of the schema, which writes an
// object of it, and Write, which starts at what a root field returned.
type plugin struct{}

// Name is the plugin's name.
func (plugin) Name() string { return "write" }

// GenerateCode makes the file.
func (plugin) GenerateCode(data *codegen.Data) error {
	g := &generator{imports: map[string]bool{}, own: data.Config.Exec.ImportPath()}
	var objects codegen.Objects
	for _, o := range data.Objects {
		if !o.Root && !strings.HasPrefix(o.Name, "__") {
			objects = append(objects, o)
		}
	}
	for _, o := range objects {
		g.object(o)
	}
	for _, name := range sortedKeys(data.Interfaces) {
		if i := data.Interfaces[name]; !strings.HasPrefix(name, "__") {
			g.union(i)
		}
	}
	g.start(data.QueryRoot, data.MutationRoot)
	g.tables(objects)
	return g.save(filepath.Join(data.Config.Exec.Dir(), "write.generated.go"))
}

type generator struct {
	out     bytes.Buffer
	imports map[string]bool
	own     string // the package that the file belongs to
}

func (g *generator) p(format string, args ...any) { fmt.Fprintf(&g.out, format+"\n", args...) }

// typ returns the text of a Go type.
func (g *generator) typ(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == g.own {
			return ""
		}
		g.imports[p.Path()] = true
		return p.Name()
	})
}

// object makes the function of an object type.
func (g *generator) object(o *codegen.Object) {
	g.p("func write%s(w *writer, f *write.Field, obj %s) bool {", o.Name, g.typ(o.Reference()))
	g.p("p := w.Plan(f, %q)\nw.Begin()\nfor i := range p.Fields {\nf := &p.Fields[i]\nw.Key(i, f)\nswitch f.Index {", o.Name)
	for i, f := range o.Fields {
		g.p("case %d: // %s", i, f.Name)
		g.field(f)
	}
	g.p("default:\nw.String(%q)\n}\n}\nreturn w.End()\n}\n", o.Name)
}

// field makes what reads and writes a field.
func (g *generator) field(f *codegen.Field) {
	nonNull := f.TypeReference.GQL.NonNull
	value := "obj." + f.GoFieldName
	switch {
	case f.IsResolver:
		args := "f.Ctx, obj"
		if len(f.Args) > 0 {
			g.p("if w.Refused(f) {\nif !w.Null(f, %t, true) {\nreturn false\n}\ncontinue\n}", nonNull)
			for _, a := range f.Args {
				args += fmt.Sprintf(", f.Args[%q].(%s)", a.Name, g.typ(a.TypeReference.GO))
			}
		}
		g.p("v, err := w.Resolvers.%s().%s(%s)", f.Object.Name, f.GoFieldName, args)
		g.p("if w.Failed(f, err) {\nif !w.Null(f, %t, true) {\nreturn false\n}\ncontinue\n}", nonNull)
		value = "v"
	case f.IsMethod():
		if len(f.Args) > 0 || !f.NoErr || f.MethodHasContext {
			panic(fmt.Sprintf("%s.%s: methods with arguments, contexts or errors are not supported: make it a resolver", f.Object.Name, f.Name))
		}
		g.p("v := %s()", value)
		value = "v"
	}
	g.value(f.TypeReference, value)
}

// value makes what writes a field's value.
func (g *generator) value(ref *config.TypeReference, v string) {
	nonNull := ref.GQL.NonNull
	pointer := ref.IsPtr()
	switch {
	case ref.GQL.Elem != nil:
		g.p("if !write.List(w, f, %s, %t, %s) {\nreturn false\n}", v, nonNull, g.element(ref.Elem()))
	case ref.Definition.IsCompositeType():
		if !pointer && ref.Definition.Kind == ast.Object {
			v = "&" + v
		}
		g.p("if !%s {\nreturn false\n}", g.composite(ref, v, "Object"))
	case pointer:
		g.p("if %s == nil {\nif !w.Null(f, %t, false) {\nreturn false\n}\n} else {", v, nonNull)
		g.scalar(ref.Elem(), "*"+v, nonNull)
		g.p("}")
	default:
		g.scalar(ref, v, nonNull)
	}
}

// composite returns the call that writes an object or one of a union, in the
// place of a field (Object) or of an element of a list (Element).
func (g *generator) composite(ref *config.TypeReference, v, place string) string {
	if ref.Definition.Kind != ast.Object {
		return fmt.Sprintf("write%s(w, f, %s, %t)", ref.Definition.Name, v, ref.GQL.NonNull)
	}
	return fmt.Sprintf("write.%s(w, f, %s, %t, write%s)", place, v, ref.GQL.NonNull, ref.Definition.Name)
}

// element returns the function that writes an element of a list.
func (g *generator) element(ref *config.TypeReference) string {
	outer := g.out
	g.out = bytes.Buffer{}
	if ref.Definition.IsCompositeType() {
		v := "v"
		if !ref.IsPtr() && ref.Definition.Kind == ast.Object {
			v = "&v"
		}
		g.p("return %s", g.composite(ref, v, "Element"))
	} else {
		g.scalar(ref, "v", true)
		g.p("return true")
	}
	body := g.out.String()
	g.out = outer
	return fmt.Sprintf("func(w *writer, f *write.Field, v %s) bool {\n%s}", g.typ(ref.GO), body)
}

// scalar makes what writes a scalar or an enum.
func (g *generator) scalar(ref *config.TypeReference, v string, nonNull bool) {
	t := types.Unalias(ref.GO)
	if named, ok := t.(*types.Named); ok {
		if g.typ(named) == "time.Time" {
			g.p("w.Time(%s)", v)
			return
		}
		if m, _, _ := types.LookupFieldOrMethod(named, true, named.Obj().Pkg(), "AppendJSON"); m != nil {
			g.p("write.Append(w, %s)", v)
			return
		}
	}
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		panic("no way to write " + t.String())
	case basic.Info()&types.IsString != 0:
		g.p("w.String(string(%s))", v)
	case basic.Info()&types.IsInteger != 0:
		g.p("w.Int(int(%s))", v)
	case basic.Info()&types.IsBoolean != 0:
		g.p("w.Bool(bool(%s))", v)
	case basic.Info()&types.IsFloat != 0:
		g.p("if !w.Float(f, float64(%s), %t) {\nreturn false\n}", v, nonNull)
	default:
		panic("no way to write " + t.String())
	}
}

// union makes the function of an interface or union.
func (g *generator) union(i *codegen.Interface) {
	g.p("func write%s(w *writer, f *write.Field, v %s, nonNull bool) bool {\nswitch v := v.(type) {", i.Name, g.typ(i.Type))
	for _, impl := range i.Implementors {
		if _, pointer := impl.Type.(*types.Pointer); !pointer {
			continue // gqlgen lists the value and the pointer; ours are pointers
		}
		g.p("case %s:\nreturn write.Element(w, f, v, nonNull, write%s)", g.typ(impl.Type), impl.Name)
	}
	g.p("default:\nreturn w.NullElement(nonNull)\n}\n}\n")
}

// start makes Write.
func (g *generator) start(roots ...*codegen.Object) {
	g.p("// Write writes what a root field returned, v, as gqlgen would marshal it. The\n// context is the field's. It reports false for what has to be left to gqlgen:\n// scalars, nulls and introspection.")
	g.p("func Write(ctx context.Context, resolvers ResolverRoot, v any) (graphql.Marshaler, bool) {")
	g.p("w := write.New(ctx, resolvers, writeTypes)\nf := w.Root()\nswitch v := v.(type) {")
	seen, last := map[string]bool{}, ""
	for _, root := range roots {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			ref := f.TypeReference
			if !ref.Definition.IsCompositeType() || strings.HasPrefix(ref.Definition.Name, "__") {
				continue
			}
			name := g.typ(ref.GO)
			if seen[name] {
				continue
			}
			seen[name] = true
			switch {
			case ref.GQL.Elem != nil:
				g.p("case %s:\nreturn w.Answer(write.List(w, f, v, true, %s)), true", name, g.element(ref.Elem()))
			case ref.Definition.Kind == ast.Object:
				g.p("case %s:\nif v != nil {\nreturn w.Answer(write%s(w, f, v)), true\n}", name, ref.Definition.Name)
			default: // an interface, which the pointers above may implement too
				last += fmt.Sprintf("case %s:\nreturn w.Answer(write%s(w, f, v, true)), true\n", name, ref.Definition.Name)
			}
		}
	}
	g.p("%s}\nreturn nil, false\n}\n", last)
}

// tables makes what package write must know of the types.
func (g *generator) tables(objects codegen.Objects) {
	g.p("type writer = write.Writer[ResolverRoot]\n")
	g.p("var writeTypes = &write.Types{\nFields: map[string]map[string]write.FieldType{")
	for _, o := range objects {
		g.p("%q: {", o.Name)
		for i, f := range o.Fields {
			g.p("%q: {Index: %d, Resolver: %t},", f.Name, i, f.IsResolver)
		}
		g.p("},")
	}
	g.p("},\nImplements: map[string][]string{")
	for _, o := range objects {
		g.p("%q: %sImplementors,", o.Name, strings.ToLower(o.Name[:1])+o.Name[1:])
	}
	g.p("},\nArgs: writeArgs,\n}\n")
	g.p("func writeArgs(ctx context.Context, typ string, index int, raw map[string]any) (map[string]any, error) {")
	g.p("ec := newExecutionContext(graphql.GetOperationContext(ctx), &executableSchema{}, nil)\nswitch typ {")
	for _, o := range objects {
		if !slices.ContainsFunc(o.Fields, func(f *codegen.Field) bool { return len(f.Args) > 0 }) {
			continue
		}
		g.p("case %q:\nswitch index {", o.Name)
		for i, f := range o.Fields {
			if len(f.Args) > 0 {
				g.p("case %d:\nreturn %s(ctx, ec, raw)", i, f.ArgsFunc())
			}
		}
		g.p("}")
	}
	g.p("}\nreturn nil, nil\n}")
}

func (g *generator) save(file string) error {
	var head bytes.Buffer
	fmt.Fprintln(&head, "// Code generated by internal/write/gen, DO NOT EDIT.\n\npackage graph\n\nimport (\n\"context\"")
	g.imports["github.com/99designs/gqlgen/graphql"] = true
	g.imports["github.com/7p-education/api/internal/write"] = true
	for _, path := range sortedKeys(g.imports) {
		if path != "context" && path != "time" { // time is written by package write
			fmt.Fprintf(&head, "%q\n", path)
		}
	}
	head.WriteString(")\n\n")
	src, err := format.Source(append(head.Bytes(), g.out.Bytes()...))
	if err != nil {
		return fmt.Errorf("write.generated.go: %w", err)
	}
	return os.WriteFile(file, src, 0o644)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
