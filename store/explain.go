package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The reasons why a statement has no plan. They have nothing of the database's message, which may have values.
var (
	ErrNotExplained = errors.New("only statements that read are explained")
	errPooled       = errors.New("EXPLAIN needs a connection without a pooler: set DIRECT_DATABASE_URL")
	errNoPlan       = errors.New("EXPLAIN failed")
)

// explainedName is the name under which an explained statement is prepared. It exists for one transaction.
const explainedName = "explained"

// ExplainStatement runs a statement that only reads once more on the primary, and returns its plan as EXPLAIN (ANALYZE,
// BUFFERS, FORMAT JSON) has it. It runs in a read-only transaction that is rolled back, and as it was prepared for all
// requests: its plan has placeholders, and no values of parameters.
func (s *Store) ExplainStatement(ctx context.Context, sql string, args []any) (json.RawMessage, error) {
	if !onlyReads(sql) {
		return nil, ErrNotExplained
	}
	if s.direct.pooler.isPooled() {
		return nil, errPooled
	}
	tx, err := s.direct.conns.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, errNoPlan
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	plan, err := explainPrepared(ctx, tx, sql, args)
	if err != nil && !errors.Is(err, ErrNotExplained) {
		err = errNoPlan
	}
	return plan, err
}

// onlyReads reports whether a statement begins like one that reads, and takes no advisory lock. The transaction rejects
// one that writes nevertheless.
func onlyReads(sql string) bool {
	if strings.HasPrefix(sql, "--") {
		_, sql, _ = strings.Cut(sql, "\n")
	}
	command, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	command, _, _ = strings.Cut(command, "\n")
	return (strings.EqualFold(command, "SELECT") || strings.EqualFold(command, "WITH")) && !strings.Contains(sql, "pg_advisory")
}

// explainPrepared prepares a statement and explains its execution. EXECUTE takes no placeholders, so the transaction has
// the parameters as settings.
func explainPrepared(ctx context.Context, tx pgx.Tx, sql string, args []any) (plan json.RawMessage, err error) {
	prepared, err := tx.Conn().Prepare(ctx, explainedName, sql)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tx.Conn().Deallocate(context.WithoutCancel(ctx), explainedName)) }()
	if len(prepared.ParamOIDs) != len(args) {
		return nil, ErrNotExplained
	}
	types := make([]string, len(args))
	if len(args) > 0 {
		if err := tx.QueryRow(ctx, "SELECT array_agg(o::regtype::text ORDER BY n) FROM unnest($1::oid[]) WITH ORDINALITY AS p(o, n)",
			pgx.QueryExecModeExec, prepared.ParamOIDs).Scan(&types); err != nil {
			return nil, err
		}
	}
	values := make([]string, len(args))
	for i, arg := range args {
		if values[i], err = bindSetting(ctx, tx, i, types[i], arg); err != nil {
			return nil, err
		}
	}
	execute := "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE " + explainedName
	if len(values) > 0 {
		execute += "(" + strings.Join(values, ", ") + ")"
	}
	err = tx.QueryRow(ctx, execute, pgx.QueryExecModeSimpleProtocol).Scan(&plan)
	return plan, err
}

// bindSetting stores a parameter as a setting of the transaction, and returns the expression that has its value.
func bindSetting(ctx context.Context, tx pgx.Tx, i int, typeName string, arg any) (expression string, err error) {
	setting := "explained.p" + strconv.Itoa(i+1)
	var isNull bool
	err = tx.QueryRow(ctx, "SELECT $2::"+typeName+" IS NULL, set_config($1, coalesce($2::"+typeName+"::text, ''), true)",
		pgx.QueryExecModeDescribeExec, setting, arg).Scan(&isNull, nil)
	if isNull {
		return "NULL", err
	}
	return "current_setting('" + setting + "')::" + typeName, err
}
