"""How much the cases notice: wrong implementations are asked every case, and each has to be found out."""
