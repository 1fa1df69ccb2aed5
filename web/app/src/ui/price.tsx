import { formatMoney } from "./format";

interface Money {
  readonly amount: string;
  readonly currencyCode: string;
}

export const Price = ({ price }: { readonly price: Money }) => <span className="price">{formatMoney(price.amount, price.currencyCode)}</span>;
