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

// encoderPlugin generates one function for each object type of the schema, which encodes an object of
// that type, and Encode, which encodes the value that a root field returned.
type encoderPlugin struct{}

// Name returns the plugin's name.
func (encoderPlugin) Name() string { return "encode" }

// GenerateCode writes graph/encode.generated.go.
func (encoderPlugin) GenerateCode(data *codegen.Data) error {
	g := &generator{imports: map[string]bool{}, packagePath: data.Config.Exec.ImportPath()}
	var objects codegen.Objects
	for _, o := range data.Objects {
		if !o.Root && !strings.HasPrefix(o.Name, "__") {
			objects = append(objects, o)
		}
	}
	for _, o := range objects {
		g.emitObject(o)
	}
	for _, name := range sortedKeys(data.Interfaces) {
		if i := data.Interfaces[name]; !strings.HasPrefix(name, "__") {
			g.emitUnion(i)
		}
	}
	g.emitEntryPoint(data.QueryRoot, data.MutationRoot)
	g.emitTypeTables(objects)
	return g.writeSource(filepath.Join(data.Config.Exec.Dir(), "encode.generated.go"))
}

// generator collects the source of the generated file and the packages that it imports.
type generator struct {
	out         bytes.Buffer
	imports     map[string]bool
	packagePath string // import path of the generated file's own package
}

func (g *generator) emitLine(format string, args ...any) { fmt.Fprintf(&g.out, format+"\n", args...) }

// qualifiedType returns a Go type as source text, qualified by its package's name, and adds the import.
func (g *generator) qualifiedType(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == g.packagePath {
			return ""
		}
		g.imports[p.Path()] = true
		return p.Name()
	})
}

// emitObject emits the function that encodes an object type.
func (g *generator) emitObject(o *codegen.Object) {
	g.emitLine("func encode%s(e *encoder, f *encode.Field, obj %s) bool {", o.Name, g.qualifiedType(o.Reference()))
	g.emitLine("p := e.PlanSelection(f, %[1]q)\nif p.Deferred != nil {\nencode.Defer(e, f, p, obj, encode%[1]s)\n}", o.Name)
	g.emitLine("e.BeginObject()\nfor i := range p.Fields {\nf := &p.Fields[i]\ne.WriteKey(i, f)\nswitch f.Index {")
	for i, f := range o.Fields {
		g.emitLine("case %d: // %s", i, f.Name)
		g.emitField(f)
	}
	g.emitLine("default:\ne.WriteString(%q)\n}\n}\nreturn e.EndObject()\n}\n", o.Name)
}

// emitField emits the code that reads a field's value and encodes it.
func (g *generator) emitField(f *codegen.Field) {
	nonNull := f.TypeReference.GQL.NonNull
	value := "obj." + f.GoFieldName
	switch {
	case f.IsResolver:
		args := "f.Ctx, obj"
		if len(f.Args) > 0 {
			g.emitLine("if e.ReportArgumentError(f) {\nif !e.WriteNull(f, %t, true) {\nreturn false\n}\ncontinue\n}", nonNull)
			for _, a := range f.Args {
				args += fmt.Sprintf(", f.Args[%q].(%s)", a.Name, g.qualifiedType(a.TypeReference.GO))
			}
		}
		g.emitLine("v, err := e.Resolvers.%s().%s(%s)", f.Object.Name, f.GoFieldName, args)
		g.emitLine("if e.ReportResolverError(f, err) {\nif !e.WriteNull(f, %t, true) {\nreturn false\n}\ncontinue\n}", nonNull)
		value = "v"
	case f.IsMethod():
		if len(f.Args) > 0 || !f.NoErr || f.MethodHasContext {
			panic(fmt.Sprintf("%s.%s: methods with arguments, contexts or errors are not supported: make it a resolver", f.Object.Name, f.Name))
		}
		g.emitLine("v := %s()", value)
		value = "v"
	}
	g.emitValue(f.TypeReference, value)
}

// emitValue emits the code that encodes a field's value.
func (g *generator) emitValue(ref *config.TypeReference, v string) {
	nonNull := ref.GQL.NonNull
	pointer := ref.IsPtr()
	switch {
	case ref.GQL.Elem != nil:
		g.emitLine("if !encode.WriteList(e, f, %s, %t, %s) {\nreturn false\n}", v, nonNull, g.elementFunction(ref.Elem()))
	case ref.Definition.IsCompositeType():
		if !pointer && ref.Definition.Kind == ast.Object {
			v = "&" + v
		}
		g.emitLine("if !%s {\nreturn false\n}", g.compositeCall(ref, v, "WriteObject"))
	case pointer:
		g.emitLine("if %s == nil {\nif !e.WriteNull(f, %t, false) {\nreturn false\n}\n} else {", v, nonNull)
		g.emitScalar(ref.Elem(), "*"+v, nonNull)
		g.emitLine("}")
	default:
		g.emitScalar(ref, v, nonNull)
	}
}

// compositeCall returns the call that encodes an object, an interface or a union. The function
// encodeObject is WriteObject for the value of a field and WriteElement for an element of a list.
func (g *generator) compositeCall(ref *config.TypeReference, v, encodeObject string) string {
	if ref.Definition.Kind != ast.Object {
		return fmt.Sprintf("encode%s(e, f, %s, %t)", ref.Definition.Name, v, ref.GQL.NonNull)
	}
	return fmt.Sprintf("encode.%s(e, f, %s, %t, encode%s)", encodeObject, v, ref.GQL.NonNull, ref.Definition.Name)
}

// elementFunction returns a function literal that encodes an element of a list.
func (g *generator) elementFunction(ref *config.TypeReference) string {
	outer := g.out
	g.out = bytes.Buffer{}
	if ref.Definition.IsCompositeType() {
		v := "v"
		if !ref.IsPtr() && ref.Definition.Kind == ast.Object {
			v = "&v"
		}
		g.emitLine("return %s", g.compositeCall(ref, v, "WriteElement"))
	} else {
		g.emitScalar(ref, "v", true)
		g.emitLine("return true")
	}
	body := g.out.String()
	g.out = outer
	return fmt.Sprintf("func(e *encoder, f *encode.Field, v %s) bool {\n%s}", g.qualifiedType(ref.GO), body)
}

// emitScalar emits the code that encodes a scalar or an enum.
func (g *generator) emitScalar(ref *config.TypeReference, v string, nonNull bool) {
	t := types.Unalias(ref.GO)
	if named, ok := t.(*types.Named); ok {
		if g.qualifiedType(named) == "time.Time" {
			g.emitLine("e.WriteTime(%s)", v)
			return
		}
		if m, _, _ := types.LookupFieldOrMethod(named, true, named.Obj().Pkg(), "AppendJSON"); m != nil {
			g.emitLine("encode.WriteJSON(e, %s)", v)
			return
		}
	}
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		panic("no encoding for type " + t.String())
	case basic.Info()&types.IsString != 0:
		g.emitLine("e.WriteString(string(%s))", v)
	case basic.Info()&types.IsInteger != 0:
		g.emitLine("if !e.WriteInt(f, int(%s), %t) {\nreturn false\n}", v, nonNull)
	case basic.Info()&types.IsBoolean != 0:
		g.emitLine("e.WriteBool(bool(%s))", v)
	case basic.Info()&types.IsFloat != 0:
		g.emitLine("if !e.WriteFloat(f, float64(%s), %t) {\nreturn false\n}", v, nonNull)
	default:
		panic("no encoding for type " + t.String())
	}
}

// emitUnion emits the function that encodes an interface or a union.
func (g *generator) emitUnion(i *codegen.Interface) {
	g.emitLine("func encode%s(e *encoder, f *encode.Field, v %s, nonNull bool) bool {\nswitch v := v.(type) {", i.Name, g.qualifiedType(i.Type))
	for _, impl := range i.Implementors {
		if _, pointer := impl.Type.(*types.Pointer); !pointer {
			continue // gqlgen lists both the value and the pointer type; edu's entities are pointers
		}
		g.emitLine("case %s:\nreturn encode.WriteElement(e, f, v, nonNull, encode%s)", g.qualifiedType(impl.Type), impl.Name)
	}
	g.emitLine("default:\nreturn e.WriteNullElement(nonNull)\n}\n}\n")
}

// emitEntryPoint emits Encode.
func (g *generator) emitEntryPoint(roots ...*codegen.Object) {
	g.emitLine("// Encode encodes v, the value that a root field returned, as gqlgen would marshal it. The context\n// is the field's. It reports false for scalars, nulls and introspection, which gqlgen encodes.")
	g.emitLine("func Encode(ctx context.Context, resolvers ResolverRoot, v any) (graphql.Marshaler, bool) {")
	g.emitLine("e := encode.New(ctx, resolvers, encodeTypes)\nf := e.RootField()\nswitch v := v.(type) {")
	seen, interfaceCases := map[string]bool{}, ""
	for _, root := range roots {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			ref := f.TypeReference
			if !ref.Definition.IsCompositeType() || strings.HasPrefix(ref.Definition.Name, "__") {
				continue
			}
			name := g.qualifiedType(ref.GO)
			if seen[name] {
				continue
			}
			seen[name] = true
			switch {
			case ref.GQL.Elem != nil:
				g.emitLine("case %s:\nreturn e.Marshaler(encode.WriteList(e, f, v, true, %s)), true", name, g.elementFunction(ref.Elem()))
			case ref.Definition.Kind == ast.Object:
				g.emitLine("case %s:\nif v != nil {\nreturn e.Marshaler(encode%s(e, f, v)), true\n}", name, ref.Definition.Name)
			default: // an interface comes last: the pointer types of the other cases may implement it
				interfaceCases += fmt.Sprintf("case %s:\nreturn e.Marshaler(encode%s(e, f, v, true)), true\n", name, ref.Definition.Name)
			}
		}
	}
	g.emitLine("%s}\nreturn nil, false\n}\n", interfaceCases)
}

// emitTypeTables emits the tables of types, fields and arguments that package encode uses.
func (g *generator) emitTypeTables(objects codegen.Objects) {
	g.emitLine("type encoder = encode.Encoder[ResolverRoot]\n")
	g.emitLine("var encodeTypes = &encode.Types{\nFields: map[string]map[string]encode.FieldType{")
	for _, o := range objects {
		g.emitLine("%q: {", o.Name)
		for i, f := range o.Fields {
			g.emitLine("%q: {Index: %d, Resolver: %t},", f.Name, i, f.IsResolver)
		}
		g.emitLine("},")
	}
	g.emitLine("},\nImplements: map[string][]string{")
	for _, o := range objects {
		g.emitLine("%q: %sImplementors,", o.Name, strings.ToLower(o.Name[:1])+o.Name[1:])
	}
	g.emitLine("},\nArgs: encodeArgs,\n}\n")
	g.emitLine("func encodeArgs(ctx context.Context, typ string, index int, raw map[string]any) (map[string]any, error) {")
	g.emitLine("ec := newExecutionContext(graphql.GetOperationContext(ctx), &executableSchema{}, nil)\nswitch typ {")
	for _, o := range objects {
		if !slices.ContainsFunc(o.Fields, func(f *codegen.Field) bool { return len(f.Args) > 0 }) {
			continue
		}
		g.emitLine("case %q:\nswitch index {", o.Name)
		for i, f := range o.Fields {
			if len(f.Args) > 0 {
				g.emitLine("case %d:\nreturn %s(ctx, ec, raw)", i, f.ArgsFunc())
			}
		}
		g.emitLine("}")
	}
	g.emitLine("}\nreturn nil, nil\n}")
}

// writeSource formats the collected source and writes it to a file.
func (g *generator) writeSource(file string) error {
	var head bytes.Buffer
	fmt.Fprintln(&head, "// Code generated by internal/gql/encode/gen, DO NOT EDIT.\n\npackage graph\n\nimport (\n\"context\"")
	g.imports["github.com/99designs/gqlgen/graphql"] = true
	g.imports["github.com/7p-education/api/internal/gql/encode"] = true
	for _, path := range sortedKeys(g.imports) {
		if path != "context" && path != "time" { // the code of time.Time is in package encode
			fmt.Fprintf(&head, "%q\n", path)
		}
	}
	head.WriteString(")\n\n")
	src, err := format.Source(append(head.Bytes(), g.out.Bytes()...))
	if err != nil {
		return fmt.Errorf("encode.generated.go: %w", err)
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
