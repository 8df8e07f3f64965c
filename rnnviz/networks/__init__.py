"""Networks, made of cells whose gates are modules of their own: tensors -> tensors."""
