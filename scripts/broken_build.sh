# For scripts that check that a build with an error in it fails a test. $work is a directory of the script.

# run_test runs a test of internal/e2e with one setting and other arguments of go test, and prints its results.
run_test() {
  env "$2" go run ./internal/testdb/cluster -- \
    go test "${@:3}" ./internal/e2e -run "^$1\$" -count=1 -timeout 60m -v 2>&1 | grep -E '^ +[a-z_]+_test\.go:|^(ok|FAIL)'
}

# expect_failure runs a test on a build in which a file has another text, and fails unless the output has a number of
# findings of a name.
expect_failure() {
  local test=$1 setting=$2 name=$3 finds=$4 file=$5 from=$6 to=$7
  FROM=$from TO=$to perl -0pe '$n += s/\Q$ENV{FROM}\E/$ENV{TO}/g; END { die "the text is not once in it\n" if $n != 1 }' "$file" > "$work/broken.go"
  printf '{"Replace": {"%s": "%s"}}' "$PWD/$file" "$work/broken.go" > "$work/overlay.json"
  echo "=== a build that $name"
  run_test "$test" "$setting" -overlay "$work/overlay.json" | head -3 | tee "$work/output" || true
  if ! grep -qE "[1-9][0-9]* $finds" "$work/output"; then
    echo "the test did not find that the build $name"
    return 1
  fi
}
