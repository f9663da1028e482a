//! DMN: XML to compiled decisions over FEEL. Pure.
